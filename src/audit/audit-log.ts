import type { Transaction } from '#libs/database';
import { Problem } from '#libs/http';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { Clock, IdSource } from './clock.ts';
import { encode, type Row } from './encode.ts';
import type { NewEntry } from './entry.ts';
import type { AuditMetrics } from './metrics.ts';
import type { AuditSink } from './sink.ts';
import { Waiting } from './waiting.ts';
import { type Unit, unavailable, Writer } from './writer.ts';

export interface AuditLogOptions {
  readonly replicaId: string;
  /** Entries that may wait. */
  readonly queueLimit: number;
  /** Entries a statement. */
  readonly batchLimit: number;
  /** How long a caller waits. */
  readonly timeoutMs: number;
  readonly partitionsAhead: number;
}

/** Bounds in characters of JSON, for entries that are few but large. */
const BATCH_CHARACTERS = 4_194_304;
const QUEUE_CHARACTERS = 67_108_864;
/** Two, one for each connection: a batch is written while the other is prepared or waits for the disk. */
const WRITERS = 2;
/** A second writer starts only where each has this many entries to write: fewer travel better together. */
const LEAST_SHARE = 100;
/** A writer that has had no answer for so long no longer keeps others from starting. */
const STUCK_MS = 100;
/** The writer of entries that commit with somebody else's transaction. */
const WITHIN_TRANSACTIONS = 'tx';

/**
 * The audit log of the product. `append` resolves when the entry is durable, and not before.
 *
 * Entries that arrive while a statement is under way travel together in the next one (group commit): at rest an entry
 * leaves at once, under load the batches grow and two are under way. Each writer has a name that no other process has,
 * under which the entries of a tenant are numbered without gaps, in the order of the calls.
 *
 * When PostgreSQL goes away while a batch is under way, nobody can know whether it was stored. Its writer sends it again,
 * before anything newer, until there is an answer; what is stored already is left as it is. So nothing acknowledged is
 * missing, nothing is there twice and no number is skipped. **An entry whose caller got `audit_unavailable` may still
 * turn up**, if its batch was under way; a caller that repeats the call should give the same `id` again.
 */
export class AuditLog implements OnApplicationShutdown {
  private readonly log = new Logger('audit');
  private readonly waiting = new Waiting<Unit>();
  private readonly writers: readonly Writer[];
  private readonly idle: Writer[];
  private readonly unwatch: () => void;
  /** Entries whose callers wait for an answer, and how much they weigh. */
  private depth = 0;
  private characters = 0;
  /** Entries that no writer has taken yet. */
  private inLine = 0;
  private turning = false;
  private alarm: (() => void) | undefined;
  private closed = false;
  private drained: Promise<void> | undefined;
  private whenQuiet: (() => void) | undefined;

  constructor(
    private readonly sink: AuditSink,
    private readonly clock: Clock,
    private readonly ids: IdSource,
    private readonly metrics: AuditMetrics,
    private readonly options: AuditLogOptions,
  ) {
    const start = ids.next();
    this.writers = Array.from(
      { length: WRITERS },
      (_, n) =>
        new Writer(sink, clock, {
          name: `${options.replicaId}/${start}/${n + 1}`,
          partitionsAhead: options.partitionsAhead,
          settle: (unit, error) => this.settle(unit, error),
          closing: () => this.closed,
        }),
    );
    this.idle = [...this.writers].reverse();
    this.unwatch = metrics.watchQueue(() => this.depth);
  }

  /**
   * Appends one entry.
   * @param options.id a ULID with which the call may be repeated: the entry is stored once, every call resolves
   * @throws Problem `validation_failed`, `overloaded`, `audit_unavailable`, `conflict` (id in use by another tenant)
   */
  async append(entry: NewEntry, options: { readonly id?: string } = {}): Promise<{ id: string }> {
    const id = options.id ?? this.ids.next();
    await this.enqueue([encode(entry, id)], options.id !== undefined);
    return { id };
  }

  /**
   * Appends all of these entries or none.
   * @param options.ids one for each entry, with which the call may be repeated
   * @throws as {@link append}
   */
  async appendAll(
    entries: readonly NewEntry[],
    options: { readonly ids?: readonly string[] } = {},
  ): Promise<{ ids: string[] }> {
    const rows = entries.map((entry, i) => encode(entry, options.ids?.[i] ?? this.ids.next()));
    if (rows.length > 0) await this.enqueue(rows, options.ids !== undefined);
    return { ids: rows.map((row) => row.id) };
  }

  /**
   * Appends one entry inside the caller's transaction: it is there if and only if the transaction commits. Such
   * transactions of one tenant wait for each other from here to their end, so call this last.
   * @throws Problem `validation_failed`, `audit_unavailable`
   */
  async appendWithin(tx: Transaction, entry: NewEntry): Promise<{ id: string }> {
    const row = encode(entry, this.ids.next());
    const started = this.clock.elapsed();
    const share = JSON.stringify([{ tenant_id: row.tenantId, floor: 0, n: 1 }]);
    let answer: unknown[];
    try {
      answer = await tx.query('SELECT last FROM audit_append($1, $2, $3, false) WHERE visible_to_tenant($4)', [
        WITHIN_TRANSACTIONS,
        share,
        `[${row.json}]`,
        row.tenantId,
      ]);
    } catch (error) {
      this.metrics.failed(1, 'audit_unavailable');
      if (/no partition of relation/.test(String(error))) throw unavailable('There is no partition for this month.');
      throw error;
    }
    if (answer.length !== 1) throw new Error(`The transaction is not bound to tenant ${row.tenantId}`);
    this.metrics.appended(1, (this.clock.elapsed() - started) / 1000);
    return { id: row.id };
  }

  /** Entries that wait for PostgreSQL. */
  get queueDepth(): number {
    return this.depth;
  }

  /** Waits for everything handed over, states the final numbers, and takes nothing more. */
  drain(): Promise<void> {
    this.drained ??= this.finish();
    return this.drained;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.drain();
  }

  private async finish(): Promise<void> {
    this.closed = true;
    if (!this.quiet()) await new Promise<void>((resolve) => (this.whenQuiet = resolve));
    this.alarm?.();
    try {
      for (const writer of this.writers) await writer.close();
    } catch (error) {
      this.log.warn({ err: error }, 'an audit writer could not be closed; the completeness report shows it as open');
    }
    this.unwatch();
    await this.sink.end();
  }

  private enqueue(rows: readonly Row[], mayRepeat: boolean): Promise<void> {
    if (this.closed) {
      this.metrics.failed(rows.length, 'audit_unavailable');
      return Promise.reject(unavailable('This replica is shutting down.'));
    }
    let characters = 0;
    for (const row of rows) characters += row.json.length;
    const full = this.depth + rows.length > this.options.queueLimit || this.characters + characters > QUEUE_CHARACTERS;
    // A call with more entries than may ever wait is taken when nothing else waits.
    if (full && this.depth > 0) {
      this.metrics.failed(rows.length, 'overloaded');
      const detail = `${this.depth} audit entries wait already. Nothing was recorded; try again.`;
      return Promise.reject(new Problem('overloaded', detail, { retryAfter: 1 }));
    }
    return new Promise((resolve, reject) => {
      this.depth += rows.length;
      this.inLine += rows.length;
      this.characters += characters;
      const since = this.clock.elapsed();
      this.waiting.push({ rows, characters, since, mayRepeat, settled: false, resolve, reject });
      this.alarm ??= this.clock.after(this.options.timeoutMs, () => this.expire());
      // At the end of this turn of the loop, so that calls of the same turn share a statement.
      if (!this.turning) {
        this.turning = true;
        setImmediate(() => {
          this.turning = false;
          this.dispatch();
        });
      }
    });
  }

  /** Hands what waits to writers that have nothing to do. */
  private dispatch(): void {
    while (this.inLine > 0) {
      const writer = this.idle.at(-1);
      if (!writer) return;
      const busy = this.writers.filter((other) => !this.idle.includes(other));
      const stuck = busy.some((other) => this.clock.elapsed() - other.since > STUCK_MS);
      if (busy.length > 0 && this.inLine < LEAST_SHARE && !stuck) return;
      this.idle.pop();
      const share = Math.max(LEAST_SHARE, Math.ceil(this.inLine / (this.idle.length + 1)));
      void writer.write(this.take(Math.min(share, this.options.batchLimit))).then(() => {
        this.idle.push(writer);
        this.dispatch();
        if (this.quiet()) this.whenQuiet?.();
      });
    }
  }

  private quiet(): boolean {
    return this.inLine === 0 && this.idle.length === this.writers.length;
  }

  /** The next units, oldest first: at least one, and no more than so many entries where there are several. */
  private take(limit: number): Unit[] {
    const units: Unit[] = [];
    const chosen = new Set<string>();
    let entries = 0;
    let characters = 0;
    for (let unit = this.waiting.first(); unit; unit = this.waiting.first()) {
      entries += unit.rows.length;
      characters += unit.characters;
      if (units.length > 0 && (entries > limit || characters > BATCH_CHARACTERS)) break;
      // The same id a second time has to see the first one stored.
      const repeated = unit.mayRepeat ? unit.rows[0]?.id : undefined;
      if (repeated !== undefined && chosen.has(repeated)) break;
      if (repeated !== undefined) chosen.add(repeated);
      units.push(unit);
      this.inLine -= unit.rows.length;
      this.waiting.shift();
    }
    return units;
  }

  private settle(unit: Unit, error?: Problem): void {
    if (unit.settled) return;
    unit.settled = true;
    this.depth -= unit.rows.length;
    this.characters -= unit.characters;
    if (error === undefined) {
      this.metrics.appended(unit.rows.length, (this.clock.elapsed() - unit.since) / 1000);
      unit.resolve();
    } else {
      this.metrics.failed(unit.rows.length, error.code);
      unit.reject(error);
    }
  }

  /** Tells callers that have waited long enough. */
  private expire(): void {
    this.alarm = undefined;
    const now = this.clock.elapsed();
    let next = Infinity;
    const late = (unit: Unit): boolean => {
      const left = unit.since + this.options.timeoutMs - now;
      if (left > 0) next = Math.min(next, left);
      else this.settle(unit, unavailable('The entry could not be made durable in time.'));
      return left <= 0;
    };
    for (const writer of this.writers) {
      for (const unit of writer.sending) if (!unit.settled && !late(unit)) break;
    }
    for (let unit = this.waiting.first(); unit && late(unit); unit = this.waiting.first()) {
      this.inLine -= unit.rows.length;
      this.waiting.shift();
    }
    if (next < Infinity) this.alarm = this.clock.after(Math.max(1, Math.ceil(next)), () => this.expire());
    if (this.quiet()) this.whenQuiet?.();
  }
}
