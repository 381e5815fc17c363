import { EventEmitter } from 'node:events';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database } from '#libs/database';
import { Notices } from '#libs/redis';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { PolicyMetrics } from '../policy.metrics.ts';
import { FORGET_REPLICA, FORGET_REPLICAS, REPLICAS, REPORT_REPLICA, REVISIONS } from '../policy.sql.ts';
import { Bundles, tenantBundle } from './bundles.ts';

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
  readonly errors?: unknown;
}

interface TenantState {
  /** The newest committed revision that this replica has been told of, and when. */
  wanted: number;
  wantedSince: number;
  /** What its OPA reports to run; -1 before the first report. */
  active: number;
  activeSince: number;
  problem?: string | undefined;
}

/**
 * Brings policy changes to this replica's OPA and knows what it runs. A change is noticed at once by a notice and, should
 * that be lost, within a second from the table.
 */
@Injectable()
export class Propagation implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger('policy');
  private readonly tenants = new Map<string, TenantState>();
  private readonly activated = new EventEmitter().setMaxListeners(0);
  private baseProblem: string | undefined = 'OPA has not reported yet';
  private watching = false;

  constructor(
    private readonly database: Database,
    private readonly bundles: Bundles,
    private readonly notices: Notices,
    private readonly clock: Clock,
    private readonly metrics: PolicyMetrics,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  async onModuleInit(): Promise<void> {
    this.notices.subscribe('policy.changed', ({ tenantId, revision }) => {
      this.want(tenantId, revision);
      this.rebuild(tenantId);
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    const revisions = await this.readRevisions();
    for (const [tenantId, revision] of revisions) this.want(tenantId, revision);
    await this.bundles.start([...revisions.keys()]);
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
    while (!deadline.aborted && this.watching && (this.tenants.get(tenantId)?.active ?? -1) < revision) {
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

  /** Takes a report of this replica's OPA. */
  async report(bundles: Readonly<Record<string, BundleStatus>>): Promise<void> {
    const base = bundles.base;
    this.baseProblem = base?.active_revision ? undefined : (problemOf(base) ?? 'OPA does not run the base policy yet');
    const now = this.clock.now();
    const [ids, revisions]: [string[], number[]] = [[], []];
    for (const [tenantId, state] of this.tenants) {
      const status = bundles[tenantBundle(tenantId)];
      state.problem = problemOf(status);
      if (status?.active_revision === undefined || status.active_revision === '') continue;
      const active = Number(status.active_revision);
      if (active !== state.active) {
        if (state.active >= 0 && active >= state.wanted) this.metrics.propagated((now - state.wantedSince) / 1000);
        state.active = active;
        state.activeSince = now;
        this.activated.emit(tenantId);
      }
      ids.push(tenantId);
      revisions.push(active);
    }
    this.showRevisions();
    await this.database
      .system((tx) => tx.query(REPORT_REPLICA, [this.settings.OPENCLAW_REPLICA_ID, ids, revisions, new Date(now)]))
      .catch((error: unknown) => this.log.warn(`could not record what OPA runs: ${(error as Error).message}`));
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
    for (const [tenantId, state] of this.tenants) {
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
      const revisions = await this.readRevisions();
      for (const [tenantId, revision] of revisions) {
        if (this.want(tenantId, revision)) this.rebuild(tenantId);
      }
      await this.bundles.announce([...revisions.keys()]);
    } catch (error) {
      this.log.warn(`could not look for policy changes: ${(error as Error).message}`);
    }
  }

  /** OPA reports on changes only: a replica that is alive says so by keeping its rows fresh. */
  @Interval(20_000)
  async stayListed(): Promise<void> {
    if (!this.watching || this.baseProblem) return;
    const now = this.clock.now();
    const known = [...this.tenants].filter(([, state]) => state.active >= 0);
    await this.database
      .system(async (tx) => {
        await tx.query(REPORT_REPLICA, [
          this.settings.OPENCLAW_REPLICA_ID,
          known.map(([id]) => id),
          known.map(([, state]) => state.active),
          new Date(now),
        ]);
        await tx.query(FORGET_REPLICAS, [new Date(now - 10 * REPLICA_GONE_MS)]);
      })
      .catch(() => undefined);
  }

  private async readRevisions(): Promise<Map<string, number>> {
    const rows: { tenant_id: string; revision: string }[] = await this.database.system((tx) => tx.query(REVISIONS));
    return new Map(rows.map((row) => [row.tenant_id, Number(row.revision)]));
  }

  /** @returns true where that was news */
  private want(tenantId: string, revision: number): boolean {
    const now = this.clock.now();
    const state = this.tenants.get(tenantId);
    if (state && state.wanted >= revision) return false;
    if (state) Object.assign(state, { wanted: revision, wantedSince: now });
    else this.tenants.set(tenantId, { wanted: revision, wantedSince: now, active: -1, activeSince: now });
    this.showRevisions();
    return true;
  }

  private rebuild(tenantId: string): void {
    this.bundles
      .refresh(tenantId)
      .catch((error: unknown) =>
        this.log.warn(`could not build the bundle of ${tenantId}: ${(error as Error).message}`),
      );
  }

  private showRevisions(): void {
    let wanted = 0;
    let active = 0;
    for (const state of this.tenants.values()) {
      wanted += state.wanted;
      active += Math.max(0, state.active);
    }
    this.metrics.revisions(wanted, active);
  }
}

function problemOf(status: BundleStatus | undefined): string | undefined {
  if (!status?.code && !status?.message) return undefined;
  return `OPA could not activate the bundle: ${status.message ?? status.code}`;
}
