import { EventEmitter } from 'node:events';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database } from '#libs/database';
import { Notices } from '#libs/redis';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { PolicyMetrics } from '../policy.metrics.ts';
import { FORGET_REPLICA, FORGET_REPLICAS, REPLICAS, REPORT_REPLICA } from '../policy.sql.ts';
import { Bundles } from './bundles.ts';
import { Coalesced } from './coalesced.ts';
import { locatedKey, shardBundle } from './shards.ts';
import { TenantBundles, type TenantState } from './tenant-bundles.ts';

/** How long a change is waited for before it is answered all the same, in milliseconds. */
const SETTLE_MS = 2_000;
/** A revision may be on its way for so long before this replica calls itself not ready. */
const GRACE_MS = 2_000;
/** A replica that has not reported for so long is gone. */
const REPLICA_GONE_MS = 60_000;

/** What OPA says of one of its bundles. Source: OPA's documentation, "Status". */
export interface BundleStatus {
  readonly active_revision?: string;
  readonly code?: string;
  readonly message?: string;
}

/**
 * Brings policy changes to this replica's OPA and knows what it runs. A change is noticed at once by a notice and, should
 * that be lost, within a second from the table.
 */
@Injectable()
export class Propagation implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger('policy');
  private readonly activated = new EventEmitter().setMaxListeners(0);
  private readonly notes = new Coalesced<string>(
    (subject) => subject,
    () => this.noteActiveOnce(),
  );
  private baseProblem: string | undefined = 'OPA has not reported yet';
  private watching = false;

  constructor(
    private readonly database: Database,
    private readonly bundles: Bundles,
    private readonly tenants: TenantBundles,
    private readonly notices: Notices,
    private readonly clock: Clock,
    private readonly metrics: PolicyMetrics,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  onModuleInit(): void {
    this.notices.subscribe('policy.changed', ({ tenantId }) => {
      this.tenants
        .look(tenantId)
        .then(() => this.noteActive())
        .catch((error: unknown) => this.log.warn(`could not build for ${tenantId}: ${(error as Error).message}`));
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.bundles.start();
    await this.tenants.lookEverywhere();
    this.watching = true;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.watching = false;
    this.bundles.close();
    this.activated.emit('closed');
    await this.database
      .system((tx) => tx.query(FORGET_REPLICA, [this.settings.OPENCLAW_REPLICA_ID]))
      .catch(() => undefined);
  }

  /**
   * Waits until this replica's OPA runs the revision, so that whoever made the change sees its effect; answers after two
   * seconds in any case, because the change is committed.
   */
  async settle(tenantId: string, revision: number | null): Promise<void> {
    if (revision === null) return;
    const deadline = AbortSignal.timeout(SETTLE_MS);
    while (!deadline.aborted && this.watching && (this.tenants.all().get(tenantId)?.active ?? -1) < revision) {
      await new Promise<void>((resume) => {
        const done = () => {
          this.activated.off(tenantId, done);
          this.activated.off('closed', done);
          deadline.removeEventListener('abort', done);
          resume();
        };
        this.activated.once(tenantId, done);
        this.activated.once('closed', done);
        deadline.addEventListener('abort', done);
      });
    }
  }

  /** The newest committed revision of a tenant that this replica knows of; 0 where it has none. */
  wanted(tenantId: string): number {
    return Math.max(0, this.tenants.all().get(tenantId)?.wanted ?? 0);
  }

  /** Where the base Rego finds the policies of a place, such as `team:platform`. */
  locate(tenantId: string, place: string): string {
    return locatedKey(place, this.tenants.all().get(tenantId)?.current.count ?? 1);
  }

  /** Takes a report of this replica's OPA. */
  async report(bundles: Readonly<Record<string, BundleStatus>>): Promise<void> {
    this.baseProblem = bundles.base?.active_revision
      ? undefined
      : (problemOf(bundles.base) ?? 'OPA does not run the base policy yet');
    for (const [tenantId, state] of this.tenants.all()) {
      const revisionOf = (bundle: string) => bundles[bundle]?.active_revision;
      state.current.report(revisionOf);
      state.next?.report(revisionOf);
      if (state.next && state.next.activeRevision(state.wanted) >= 0) await this.tenants.widen(tenantId, state);
      state.problem = [...state.current.shards(), ...(state.next?.shards() ?? [])]
        .map((shard) => problemOf(bundles[shardBundle(shard)]))
        .find(Boolean);
    }
    await this.noteActive();
  }

  /** One at a time, so that an older finding is never recorded over a newer one. */
  private noteActive(): Promise<void> {
    return this.notes.run('active revisions');
  }

  /**
   * Works out what OPA runs from its last report and from what is wanted. Either may change last: a bundle that was built
   * just after further changes is reported before this replica has looked at them, and OPA reports no second time.
   */
  private async noteActiveOnce(): Promise<void> {
    const now = this.clock.now();
    const news = new Map<string, number>();
    for (const [tenantId, state] of this.tenants.all()) {
      const revision = state.current.activeRevision(state.wanted);
      if (revision >= 0 && revision !== state.active) news.set(tenantId, revision);
    }
    // Recorded first: whoever waits for the change sees it in the table as well.
    if (news.size > 0) {
      await this.record(news, now).catch((error: unknown) =>
        this.log.warn(`could not record what OPA runs: ${(error as Error).message}`),
      );
    }
    for (const [tenantId, revision] of news) {
      const state = this.tenants.all().get(tenantId)!;
      if (state.active >= 0 && revision >= state.wanted) this.metrics.propagated((now - state.wantedSince) / 1000);
      state.active = revision;
      this.activated.emit(tenantId);
    }
    this.showRevisions();
  }

  /** `GET /policies/revision` */
  async revision(
    tenantId: string,
  ): Promise<{ wanted: number; replicas: { id: string; active: number; since: string }[] }> {
    const heardSince = new Date(this.clock.now() - REPLICA_GONE_MS);
    return this.database.tenant(tenantId, async (tx) => {
      const [row]: { revision: string }[] = await tx.query('SELECT revision FROM policy_revisions');
      const rows: { replica_id: string; active: string; since: Date }[] = await tx.query(REPLICAS, [heardSince]);
      return {
        wanted: Number(row?.revision ?? 0),
        replicas: rows.map((r) => ({ id: r.replica_id, active: Number(r.active), since: r.since.toISOString() })),
      };
    });
  }

  /** Why this replica's OPA does not run what it should; undefined if it does. */
  lag(): string | undefined {
    if (this.baseProblem) return this.baseProblem;
    const now = this.clock.now();
    for (const [tenantId, state] of this.tenants.all()) {
      if (state.active >= state.wanted) continue;
      if (state.active >= 0 && now - state.wantedSince < GRACE_MS) continue;
      return state.problem ?? `OPA runs revision ${state.active} of tenant "${tenantId}"; ${state.wanted} is wanted`;
    }
    return undefined;
  }

  @Interval(1_000)
  async catchUp(): Promise<void> {
    if (!this.watching) return;
    try {
      await this.tenants.lookEverywhere();
      await this.noteActive();
    } catch (error) {
      this.log.warn(`could not look for policy changes: ${(error as Error).message}`);
    }
  }

  /** OPA reports on changes only: a replica that is alive says so by keeping its rows fresh. */
  @Interval(20_000)
  async stayListed(): Promise<void> {
    if (!this.watching || this.baseProblem) return;
    const now = this.clock.now();
    const known = [...this.tenants.all()].filter(([, state]) => state.active >= 0);
    try {
      await this.record(new Map(known.map(([id, state]) => [id, state.active])), now);
      await this.database.system((tx) => tx.query(FORGET_REPLICAS, [new Date(now - 10 * REPLICA_GONE_MS)]));
    } catch {
      // The database is away: readiness says so, and the next time comes soon.
    }
  }

  private async record(active: ReadonlyMap<string, number>, now: number): Promise<void> {
    const replica = this.settings.OPENCLAW_REPLICA_ID;
    await this.database.system((tx) =>
      tx.query(REPORT_REPLICA, [replica, [...active.keys()], [...active.values()], new Date(now)]),
    );
  }

  private showRevisions(): void {
    const states: TenantState[] = [...this.tenants.all().values()];
    const sum = (of: (state: TenantState) => number) =>
      states.reduce((total, state) => total + Math.max(0, of(state)), 0);
    this.metrics.revisions(
      sum((state) => state.wanted),
      sum((state) => state.active),
    );
  }
}

function problemOf(status: BundleStatus | undefined): string | undefined {
  if (!status?.code && !status?.message) return undefined;
  return `OPA could not activate the bundle: ${status.message ?? status.code}`;
}
