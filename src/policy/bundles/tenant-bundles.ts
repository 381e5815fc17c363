import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { Injectable, Logger } from '@nestjs/common';
import { CHANGED_HASHES, COUNT_ACTIVE, REVISIONS } from '../policy.sql.ts';
import { Bundles } from './bundles.ts';
import { Coalesced } from './coalesced.ts';
import { LOAD_POLICIES, shardBundle, shardCount, SHARD_POLICIES } from './shards.ts';
import { Spread } from './spread.ts';

/** What this replica knows of one tenant's bundles. */
export interface TenantState {
  /** The newest committed revision that this replica has been told of, and when. */
  wanted: number;
  wantedSince: number;
  /** What OPA reports to run; -1 before everything is loaded. */
  active: number;
  current: Spread;
  /** A tenant that has grown is spread wider: OPA loads these beside the current ones, which go when all are active. */
  next?: Spread | undefined;
  /** True where `current` is left as it is, because what has come is too much for it: `next` brings it. */
  overtaken: boolean;
  /** Why OPA does not run what it should, in its own words. */
  problem?: string | undefined;
}

interface ChangedHash {
  readonly hash: number;
  readonly revision: string;
  readonly policies: number;
}

/** Learns of policy changes from the tables and has the bundles built that they concern. */
@Injectable()
export class TenantBundles {
  private readonly log = new Logger('policy');
  private readonly states = new Map<string, TenantState>();
  private readonly looks = new Coalesced<string>(
    (tenantId) => tenantId,
    (tenantId) => this.learn(tenantId),
  );

  constructor(
    private readonly database: Database,
    private readonly bundles: Bundles,
    private readonly clock: Clock,
  ) {}

  all(): ReadonlyMap<string, TenantState> {
    return this.states;
  }

  /** Looks for what is new in every tenant, and tells OPA of tenants that have come. */
  async lookEverywhere(): Promise<void> {
    const rows: { tenant_id: string; revision: string }[] = await this.database.system((tx) => tx.query(REVISIONS));
    const news = rows.filter((row) => Number(row.revision) > (this.states.get(row.tenant_id)?.wanted ?? -1));
    await Promise.all(news.map((row) => this.look(row.tenant_id)));
    await this.announce();
  }

  /** Looks for what is new in a tenant. Calls that come while one is under way share the next. */
  look(tenantId: string): Promise<void> {
    return this.looks.run(tenantId);
  }

  /** OPA has loaded all of a tenant's wider bundles: from now on it is asked at these. */
  async widen(tenantId: string, state: TenantState): Promise<void> {
    if (!state.next) return;
    const before = state.current;
    state.current = state.next;
    state.next = undefined;
    state.overtaken = false;
    await this.announce();
    this.bundles.forget(tenantId, before.count);
    this.log.log(`tenant ${tenantId} is spread over ${state.current.count} bundles`);
  }

  private async learn(tenantId: string): Promise<void> {
    const known = this.states.get(tenantId);
    const { revision, changes, total } = await this.database.tenant(tenantId, async (tx) => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const [row]: { revision: string }[] = await tx.query('SELECT revision FROM policy_revisions');
      const changed: ChangedHash[] = await tx.query(CHANGED_HASHES, [known?.wanted ?? -1]);
      const [count]: { n: number }[] = known ? [] : await tx.query(COUNT_ACTIVE);
      return {
        revision: Number(row?.revision ?? 0),
        changes: changed.map((change) => ({ ...change, revision: Number(change.revision) })),
        total: count?.n ?? 0,
      };
    });
    const state = known ?? this.begin(tenantId, total);
    if (revision > state.wanted) {
      state.wanted = revision;
      state.wantedSince = this.clock.now();
    }
    const concerned = state.current.want(changes);
    if (!known) return; // built when OPA asks for them
    const loaded = changes.reduce((sum, { policies }) => sum + policies, 0);
    if (!state.next && loaded > LOAD_POLICIES) state.overtaken = await this.grow(tenantId, state);
    const wider = state.next?.want(changes) ?? [];
    await Promise.all([...(state.overtaken ? [] : concerned), ...wider].map((shard) => this.bundles.refresh(shard)));
    const isFull = state.current.shards().some((shard) => this.bundles.sizeOf(shard) > SHARD_POLICIES);
    if (!state.next && isFull) await this.grow(tenantId, state);
  }

  private begin(tenantId: string, policies: number): TenantState {
    const current = new Spread(tenantId, shardCount(policies));
    const state: TenantState = { wanted: -1, wantedSince: this.clock.now(), active: -1, current, overtaken: false };
    this.states.set(tenantId, state);
    return state;
  }

  /** Has OPA load the tenant's policies spread wider. @returns false where they are spread as wide as they should be */
  private async grow(tenantId: string, state: TenantState): Promise<boolean> {
    const { n, changes } = await this.database.tenant(tenantId, async (tx) => {
      const [count]: { n: number }[] = await tx.query(COUNT_ACTIVE);
      const all: ChangedHash[] = await tx.query(CHANGED_HASHES, [-1]);
      return { n: count!.n, changes: all.map(({ hash, revision }) => ({ hash, revision: Number(revision) })) };
    });
    const count = shardCount(n);
    if (count <= state.current.count) return false;
    const next = new Spread(tenantId, count);
    next.want(changes);
    state.next = next;
    await this.announce();
    return true;
  }

  private announce(): Promise<void> {
    const spreads = [...this.states.values()].flatMap((state) => [state.current, ...(state.next ? [state.next] : [])]);
    return this.bundles.announce(spreads.flatMap((spread) => spread.shards()).map(shardBundle));
  }
}
