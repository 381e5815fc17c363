import { asCaller } from '#libs/access';
import { type DirectoryPerson, People } from '#identity';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database } from '#libs/database';
import { Problem } from '#libs/http';
import { Notices } from '#libs/redis';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { ulid } from 'ulid';
import { VendorError } from '../connector.ts';
import * as sql from '../connectors.sql.ts';
import { NewMail } from '../new-mail.ts';
import { ConnectorMetrics } from '../pipeline/connector-metrics.ts';
import { type Errand, Gate } from '../pipeline/gate.ts';
import { VendorAccesses } from '../pipeline/vendor-access.ts';
import { vendorErrorIn } from '../problems.ts';
import { CONNECTORS, type Registry } from '../registry.ts';
import { keeper, LeaseLost, runSync, type SyncRunParts, type SyncTally } from './sync-run.ts';

/** A process that says nothing for so long is taken for dead. Each page, and a beat between pages, renews it. */
const LEASE_SECONDS = 60;
const BEAT_MS = 15_000;
/** One sync takes no longer; the next goes on where it stopped. */
const SYNC_MS = 10 * 60_000;
/** After failures in a row the pause doubles, up to this. */
const LONGEST_PAUSE_SECONDS = 3_600;

/** How a sync came out. `busy`: somebody else is at it. `gone`: there is no such connector or person. */
export type SyncResult = sql.SyncState | 'busy' | 'gone';

interface Ending {
  readonly state: sql.SyncState;
  readonly reason: string | null;
  readonly error: string | null;
  readonly failures: number;
  readonly pauseSeconds: number;
  readonly complete: boolean;
}

/** Brings what is known of one system for one person up to date. */
@Injectable()
export class Syncs implements OnModuleDestroy {
  private readonly log = new Logger('connectors');
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    private readonly database: Database,
    private readonly people: People,
    private readonly gate: Gate,
    private readonly accesses: VendorAccesses,
    private readonly metrics: ConnectorMetrics,
    private readonly clock: Clock,
    private readonly notices: Notices,
    private readonly mail: NewMail,
    @Inject(CONNECTORS) private readonly registry: Registry,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  /** One sync, whether due or not. Never throws for a system that is away: the row says so. */
  async syncNow(tenantId: string, connectorId: string, userId: string, requestId?: string): Promise<SyncResult> {
    if (this.stopping.signal.aborted) return 'busy';
    const work = this.sync(tenantId, connectorId, userId, requestId ?? `sync-${ulid()}`);
    this.running.add(work);
    try {
      return await work;
    } finally {
      this.running.delete(work);
    }
  }

  /** What is under way stops at its next page; its row is free again at once. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort(new Error('the process stops'));
    await Promise.allSettled(this.running);
  }

  private async sync(tenantId: string, connectorId: string, userId: string, requestId: string): Promise<SyncResult> {
    const [row]: sql.ConnectorRow[] = await this.database.tenant(tenantId, (tx) =>
      tx.query(sql.FIND_CONNECTOR, [connectorId]),
    );
    const person = await this.people.find(tenantId, userId);
    if (!row || !person) return 'gone';
    const owner = `${this.settings.OPENCLAW_REPLICA_ID}/${ulid()}`;
    const start = await this.database.tenant(tenantId, async (tx) => {
      await tx.query(sql.PLAN_SYNCS, [connectorId, userId, 0]);
      const [taken]: [sql.SyncRow[], number] = await tx.query(sql.TAKE_LEASE, [
        connectorId,
        userId,
        owner,
        LEASE_SECONDS,
      ]);
      return taken[0];
    });
    if (!start) return 'busy';
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.stopping.signal, AbortSignal.timeout(SYNC_MS)]);
    const beat = setInterval(() => {
      void this.database
        .tenant(tenantId, (tx) => tx.query(sql.RENEW_LEASE, [connectorId, userId, owner, LEASE_SECONDS]))
        .then(([rows]: [unknown[], number]) => rows.length > 0 || abort.abort(new LeaseLost()))
        .catch(() => undefined);
    }, BEAT_MS);
    try {
      const ending = await this.attempt(row, person, start, owner, signal, requestId);
      if (!ending) return 'busy';
      await this.end(row, userId, owner, ending);
      this.metrics.synced(row.type, ending.state);
      return ending.state;
    } finally {
      clearInterval(beat);
    }
  }

  /** @returns undefined where another process has taken the row over */
  private async attempt(
    row: sql.ConnectorRow,
    person: DirectoryPerson,
    start: sql.SyncRow,
    owner: string,
    signal: AbortSignal,
    requestId: string,
  ): Promise<Ending | undefined> {
    const connector = this.registry[row.type];
    const errand: Errand = {
      person,
      principal: asCaller(person),
      actor: 'system',
      requestId,
    };
    const tally: SyncTally = { pages: 0, items: 0, gone: 0, withheld: 0, labels: new Set(), kept: new Set() };
    const deed = { type: 'data_access', action: connector.syncAction } as const;
    try {
      const decision = await this.gate.decide(errand, row, connector.syncAction);
      if (decision.decision !== 'allow') return this.refused(start, decision.reason);
      const mayKeep = keeper(decision.classification ?? 'restricted', async (kind, classification) => {
        const asked = { type: kind, classification };
        return (await this.gate.decide(errand, row, connector.syncAction, asked)).decision === 'allow';
      });
      const access = this.accesses.open(row, person, signal, SYNC_MS);
      const lease = { owner, seconds: LEASE_SECONDS };
      const place = { tenantId: row.tenant_id, userId: person.id, connectorId: row.id, requestId };
      const mail: SyncRunParts['mail'] = {
        received: (tx, one) => this.mail.received(tx, place, one),
        stored: () => this.mail.stored(),
      };
      const parts = { database: this.database, row, userId: person.id, lease, mayKeep, mail };
      let failed: unknown;
      try {
        await runSync(parts, connector, access, start, tally);
      } catch (error) {
        if (error instanceof LeaseLost || abortedByLease(signal)) return undefined;
        failed = error ?? new Error('failed');
      }
      const { pages, items, gone, withheld, labels } = tally;
      if (items + gone > 0) this.notices.publish('work.changed', { tenantId: row.tenant_id, userId: person.id });
      const detail = { sync: { pages, items, gone, withheld } };
      const outcome = failed ? 'error' : 'success';
      await this.gate.record(errand, row, { ...deed, decision, detail, outcome, labels: [...labels] });
      return failed ? this.failure(row, start, tally, failed) : this.success(withheld);
    } catch (error) {
      return this.failure(row, start, tally, error);
    }
  }

  private success(withheld: number): Ending {
    const reason =
      withheld === 0
        ? null
        : `${withheld} ${withheld === 1 ? 'thing was' : 'things were'} left out: more sensitive than policy lets through`;
    const state = withheld === 0 ? 'ok' : 'partial';
    return { state, reason, error: null, failures: 0, pauseSeconds: this.interval(), complete: true };
  }

  private refused(start: sql.SyncRow, reason: string): Ending {
    const failures = start.failures + 1;
    // No policy has said so: nobody could be asked.
    const isUnasked = /^policy_\w+$/.test(reason);
    return {
      state: 'unreachable',
      reason: isUnasked ? 'whether policy lets it be read cannot be found out just now' : withoutVerdict(reason),
      error: isUnasked ? reason : sql.DENIED,
      failures,
      pauseSeconds: this.pause(failures),
      complete: false,
    };
  }

  private failure(row: sql.ConnectorRow, start: sql.SyncRow, { pages }: SyncTally, error: unknown): Ending {
    const vendor = vendorErrorIn(error);
    const unexpected = !vendor && !(error instanceof Problem) && !this.stopping.signal.aborted;
    if (unexpected) this.log.error({ err: error, connectorId: row.id }, 'a sync failed unexpectedly');
    const failures = start.failures + 1;
    const wait = vendor?.retryAt === undefined ? 0 : (vendor.retryAt - this.clock.now()) / 1000;
    return {
      state: pages > 0 ? 'partial' : 'unreachable',
      reason: this.stopping.signal.aborted ? 'It was interrupted and goes on soon' : reasonOf(row, error),
      error: (vendor?.failure ?? (error instanceof Problem ? error.code : 'unexpected')).slice(0, 200),
      failures,
      pauseSeconds: this.stopping.signal.aborted ? 1 : Math.max(wait, pages > 0 ? 5 : this.pause(failures)),
      complete: false,
    };
  }

  private async end(row: sql.ConnectorRow, userId: string, owner: string, ending: Ending): Promise<void> {
    const { state, reason, error, failures, pauseSeconds, complete } = ending;
    const values = [row.id, userId, owner, state, reason, error, failures, pauseSeconds, complete];
    await this.database.tenant(row.tenant_id, (tx) => tx.query(sql.END_SYNC, values));
  }

  /** Spread by a fifth each way, so that those who began together do not stay together. */
  private interval(): number {
    return this.settings.CONNECTOR_SYNC_INTERVAL_SECONDS * (0.8 + 0.4 * Math.random());
  }

  private pause(failures: number): number {
    return Math.min(LONGEST_PAUSE_SECONDS, 15 * 2 ** Math.min(failures - 1, 10)) * (0.5 + 0.5 * Math.random());
  }
}

function abortedByLease(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof LeaseLost;
}

/** Why policy says no and where, without the "no" that is said already: `connector github is off (the … policy "…" …)`. */
function withoutVerdict(reason: string): string {
  const [, policy, why] = /^Denied by (the [\w-]+ policy ".*" \S+ of \S+ \S+): (.*?)\.?$/s.exec(reason) ?? [];
  return policy ? `${why} (${policy})` : reason.replace(/^Denied: /, '').replace(/\.$/, '');
}

/** For a person: what is wrong, not where in the code. */
function reasonOf({ type }: sql.ConnectorRow, error: unknown): string {
  const vendor = vendorErrorIn(error);
  if (vendor instanceof VendorError) return vendor.message.slice(0, 500);
  if (error instanceof Problem) return error.detail.slice(0, 500);
  return `${type}: it could not be read because of an error on our side`;
}
