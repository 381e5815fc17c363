import { isConflict } from '#libs/database';
import { Problem } from '#libs/http';
import { Logger } from '@nestjs/common';
import type { Clock } from '#libs/clock';
import type { Row } from './encode.ts';
import { type AuditSink, type Share, SinkError } from './sink.ts';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;
/** How often a chosen id may turn up from another process at the very same moment. */
const CONFLICTS = 3;

/** What one call handed over: stored as a whole or not at all. */
export interface Unit {
  readonly rows: readonly Row[];
  readonly characters: number;
  readonly since: number;
  /** The caller chose the id, so the entry may be there already. */
  readonly mayRepeat: boolean;
  /** The caller has its answer. */
  settled: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** Units in one statement, and what is known about earlier attempts. */
interface Batch {
  units: readonly Unit[];
  mayRepeat: boolean;
  /** An earlier answer was lost: entries may be stored, so none may be left out until an answer says so. */
  unknown: boolean;
  conflicts: number;
  partitionsMade: boolean;
}

export interface WriterOptions {
  readonly name: string;
  readonly partitionsAhead: number;
  /** Called once for each unit; without an error the unit is durable. */
  readonly settle: (unit: Unit, error?: Problem) => void;
  /** True when nobody will hand over more: a batch without callers is then let go. */
  readonly closing: () => boolean;
}

/** A name, the numbers given under it, and at most one batch under way. */
export class Writer {
  /** What is under way. */
  sending: readonly Unit[] = [];
  /** Since when. */
  since = 0;
  private readonly log = new Logger('audit');
  private readonly floors = new Map<string, number>();

  constructor(
    private readonly sink: AuditSink,
    private readonly clock: Clock,
    private readonly options: WriterOptions,
  ) {}

  /** Sends these units until the fate of each is known. Never rejects. */
  async write(units: readonly Unit[]): Promise<void> {
    this.sending = units;
    this.since = this.clock.elapsed();
    const mayRepeat = units.some((unit) => unit.mayRepeat);
    await this.store({ units, mayRepeat, unknown: false, conflicts: 0, partitionsMade: false });
    this.sending = [];
  }

  /** States that its present numbers are its last. */
  async close(): Promise<void> {
    if (this.floors.size > 0) await this.sink.close(this.options.name);
  }

  private async store(batch: Batch): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      if (!batch.unknown) batch.units = batch.units.filter((unit) => !unit.settled);
      if (batch.units.length === 0) return;
      try {
        const rows = batch.units.flatMap((unit) => unit.rows);
        const last = await this.sink.append(this.options.name, this.shares(rows), rows, batch.mayRepeat);
        for (const [tenant, n] of last) this.floors.set(tenant, n);
        for (const unit of batch.units) this.options.settle(unit);
        return;
      } catch (error) {
        const failure = error instanceof SinkError ? error.failure : 'unknown';
        switch (failure) {
          case 'unknown':
            batch.unknown = true;
            batch.mayRepeat = true;
            break;
          case 'no_partition':
            if (batch.partitionsMade) return this.isolate(batch, error);
            if (await this.ensurePartitions()) {
              batch.partitionsMade = true;
              continue;
            }
            break;
          case 'refused':
            if (isConflict((error as SinkError).cause) && batch.conflicts++ < CONFLICTS) {
              batch.mayRepeat = true;
              continue;
            }
            return this.isolate(batch, error);
          case 'rolled_back':
            break;
          default:
            failure satisfies never;
        }
        this.log.warn(
          { error: brief(error), entries: batch.units.length, unknown: batch.unknown },
          'a batch of audit entries waits for the database',
        );
        if (this.options.closing() && batch.units.every((unit) => unit.settled)) return;
        await new Promise<void>((resume) => this.clock.after(pause, resume));
      }
    }
  }

  /** The database does not take this batch: halve it until what is to blame stands alone, and store the others. */
  private async isolate(batch: Batch, error: unknown): Promise<void> {
    const [first, ...others] = batch.units;
    if (!first) return;
    if (others.length === 0) {
      this.log.error({ error: brief(error), id: first.rows[0]?.id }, 'an audit entry was refused');
      this.options.settle(first, refusal(error));
      return;
    }
    const middle = batch.units.length >> 1;
    await this.store({ ...batch, units: batch.units.slice(0, middle) });
    await this.store({ ...batch, units: batch.units.slice(middle) });
  }

  private async ensurePartitions(): Promise<boolean> {
    try {
      await this.sink.ensurePartitions(this.options.partitionsAhead);
      return true;
    } catch (error) {
      this.log.error({ error: brief(error) }, 'audit partitions could not be made');
      return false;
    }
  }

  private shares(rows: readonly Row[]): Share[] {
    const counts = new Map<string, number>();
    for (const { tenantId } of rows) counts.set(tenantId, (counts.get(tenantId) ?? 0) + 1);
    return [...counts].map(([tenantId, n]) => ({ tenantId, n, floor: this.floors.get(tenantId) ?? 0 }));
  }
}

/** The caller's error when the log cannot take an entry now. */
export function unavailable(detail: string): Problem {
  return new Problem('audit_unavailable', detail, { retryAfter: 1 });
}

/** Without what PostgreSQL says about values: those are nobody's business in a log file. */
function brief(error: unknown): string {
  const code = error instanceof SinkError ? (error.cause as { code?: unknown } | undefined)?.code : undefined;
  return `${error instanceof Error ? error.message : String(error)}${typeof code === 'string' ? ` (${code})` : ''}`;
}

function refusal(error: unknown): Problem {
  if (error instanceof SinkError && error.failure === 'no_partition') {
    return unavailable('There is no partition for the month of this entry.');
  }
  if (error instanceof SinkError && isConflict(error.cause)) {
    return new Problem('conflict', 'The id of this audit entry is in use.');
  }
  return new Problem('validation_failed', `The database does not accept this audit entry: ${brief(error)}`);
}
