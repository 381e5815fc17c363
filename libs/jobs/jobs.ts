import { Logger } from '@nestjs/common';
import { type JobWithMetadata, PgBoss, type SendOptions as BossSendOptions } from 'pg-boss';
import type { Transaction } from '#libs/database';
import { JOBS_SCHEMA } from './schema.ts';

export interface JobsOptions {
  /** PostgreSQL; a pooler in transaction mode is fine. */
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  /** Connections of its own, for fetching and settling jobs. */
  readonly poolSize: number;
  /** How often an idle worker looks for jobs that another process has sent, in milliseconds. */
  readonly pollMs: number;
  /** How long jobs may finish when the process stops, in milliseconds. */
  readonly graceMs: number;
}

/** How the jobs of a queue are kept. The first process that declares a queue makes it; later ones adapt it. */
export interface QueueOptions {
  /** `queued`: at most one job that waits for each `singletonKey`; a second one is not stored, and `send` answers null. */
  readonly once?: 'queued';
  /** How often a job that failed is tried again; 3. */
  readonly retryLimit?: number;
  /** Seconds before the first new try; doubles with each, with jitter; 5. */
  readonly retryDelaySeconds?: number;
  /** Seconds after which a job that has not ended counts as failed: its process may have died; 900. */
  readonly expireInSeconds?: number;
}

export interface SendOptions {
  readonly singletonKey?: string;
  /** Not before this moment, or so many seconds from now. */
  readonly startAfter?: Date | number;
  readonly retryLimit?: number;
  readonly priority?: number;
}

/** One job in the hands of a worker. */
export interface Job<T> {
  readonly id: string;
  readonly data: T;
  /** Aborted when the job has taken too long, or the process stops. */
  readonly signal: AbortSignal;
}

/** A job that has failed for good. */
export interface DeadJob {
  readonly id: string;
  readonly data: unknown;
  readonly failedAt: Date;
}

const DEAD = '.dead';

/**
 * Work that must not be lost: a job is stored in the caller's own transaction, so that it exists exactly if the state that
 * wants it does; it runs at least once, in whichever process has a hand free; and one that fails for good is kept as a dead
 * letter. A handler must bear being run twice: its process may die between its work and the note that it is done.
 *
 * ```ts
 * await jobs.declare('mail.send', { retryLimit: 5 });
 * await database.tenant(tenantId, async (tx) => {
 *   await tx.query(…);
 *   await jobs.send(tx, 'mail.send', { tenantId, draftId });
 * });
 * jobs.notify('mail.send'); // a worker of this process looks at once
 * await jobs.work<{ tenantId: string; draftId: string }>('mail.send', async ({ data }) => …, { concurrency: 4 });
 * ```
 *
 * It is pg-boss with its own small pool; nothing here needs a session (no LISTEN, no named statements, advisory locks that
 * end with their transaction), so PgBouncer in transaction mode is fine. The tables come from the migration step.
 */
export class Jobs {
  private readonly log = new Logger('jobs');
  private readonly boss: PgBoss;
  private readonly hands = new Map<string, Hand[]>();
  private readonly declared = new Map<string, Promise<void>>();
  private lastComplaint = 0;
  private stopping: Promise<void> | undefined;

  constructor(private readonly options: JobsOptions) {
    this.boss = new PgBoss({
      connectionString: options.url,
      application_name: options.name,
      max: options.poolSize,
      schema: JOBS_SCHEMA,
      migrate: false,
      createSchema: false,
      useListenNotify: false,
      schedule: false,
      // Every process looks after expired jobs and retries; they take turns through a row.
      supervise: true,
      superviseIntervalSeconds: 30,
      reindex: false,
      monitorVacuum: false,
      registerInstance: false,
    });
    // A database that is away fails every look: one line a second is enough.
    this.boss.on('error', (error) => this.complain(error));
  }

  async start(): Promise<this> {
    await this.boss.start();
    return this;
  }

  /** Makes the queue where it does not exist. Senders and workers call it before anything else; repeating is free. */
  declare(queue: string, options: QueueOptions = {}): Promise<void> {
    let made = this.declared.get(queue);
    if (!made) {
      made = this.make(queue, options);
      this.declared.set(queue, made);
      made.catch(() => this.declared.delete(queue));
    }
    return made;
  }

  /**
   * Stores a job in the caller's transaction.
   * @returns its id; null where `once` says that there is one already
   */
  send(tx: Transaction, queue: string, data: object, options: SendOptions = {}): Promise<string | null> {
    return this.boss.send(queue, data, { ...bossOptions(options), db: within(tx) });
  }

  /** Stores many jobs of one queue in the caller's transaction, with one statement. */
  async sendAll(
    tx: Transaction,
    queue: string,
    jobs: readonly ({ readonly data: object } & SendOptions)[],
  ): Promise<void> {
    if (jobs.length === 0) return;
    const inserts = jobs.map(({ data, ...options }) => ({ data, ...bossOptions(options) }));
    await this.boss.insert(queue, inserts as never, { db: within(tx) });
  }

  /** Lets a worker of this process look for jobs at once. To be called after the transaction that sent some. */
  notify(queue: string): void {
    const idle = this.hands.get(queue)?.find((hand) => !hand.busy);
    if (idle) this.boss.notifyWorker(idle.id);
  }

  /** Runs jobs of a queue, at most `concurrency` (1) at a time in this process. A handler that throws fails its job. */
  async work<T extends object>(
    queue: string,
    handler: (job: Job<T>) => Promise<void>,
    { concurrency = 1, ...options }: { readonly concurrency?: number } & QueueOptions = {},
  ): Promise<void> {
    await this.declare(queue, options);
    const hands = this.hands.get(queue) ?? [];
    this.hands.set(queue, hands);
    for (let i = 0; i < concurrency; i++) {
      const hand: Hand = { id: '', busy: false };
      hands.push(hand);
      hand.id = await this.boss.work<T>(
        queue,
        { pollingIntervalSeconds: Math.max(0.5, this.options.pollMs / 1000), batchSize: 1 },
        async ([job]) => {
          if (!job) return;
          hand.busy = true;
          // Where there was one there may be more: the next hand looks, and this one does when it is done.
          this.notify(queue);
          try {
            await handler({ id: job.id, data: job.data, signal: job.signal });
          } finally {
            hand.busy = false;
            this.boss.notifyWorker(hand.id);
          }
        },
      );
    }
  }

  /** Jobs of a queue that have failed for good, newest first. */
  async dead(queue: string, limit = 100): Promise<DeadJob[]> {
    const jobs = (await this.boss.findJobs(queue + DEAD)) as JobWithMetadata<object>[];
    return jobs
      .sort((a, b) => b.createdOn.getTime() - a.createdOn.getTime())
      .slice(0, limit)
      .map(({ id, data, createdOn }) => ({ id, data, failedAt: createdOn }));
  }

  /** Gives dead letters another life. @returns how many */
  redrive(queue: string): Promise<number> {
    return this.boss.redrive(queue + DEAD);
  }

  /** Takes no new jobs and waits for those at work, for as long as the grace allows. Safe to call twice. */
  drain(): Promise<void> {
    return (this.stopping ??= this.boss.stop({ close: false, graceful: true, timeout: this.options.graceMs }));
  }

  async stop(): Promise<void> {
    await this.drain();
    await this.boss.stop({ close: true });
  }

  private async make(queue: string, options: QueueOptions): Promise<void> {
    const { once, retryLimit = 3, retryDelaySeconds = 5, expireInSeconds = 900 } = options;
    const dead = queue + DEAD;
    const kept = {
      retryLimit,
      retryDelay: retryDelaySeconds,
      retryBackoff: true,
      retryDelayMax: 3600,
      expireInSeconds,
    };
    if (!(await this.boss.getQueue(dead))) await this.boss.createQueue(dead);
    const present = await this.boss.getQueue(queue);
    const policy = once === 'queued' ? 'short' : 'standard';
    if (!present) await this.boss.createQueue(queue, { policy, deadLetter: dead, ...kept });
    else if (present.retryLimit !== retryLimit || present.expireInSeconds !== expireInSeconds)
      await this.boss.updateQueue(queue, { ...kept, deadLetter: dead });
  }

  private complain(error: Error): void {
    const now = performance.now();
    if (now - this.lastComplaint < 1_000) return;
    this.lastComplaint = now;
    this.log.warn(`jobs: ${error.message}`);
  }
}

/** One worker of this process. */
interface Hand {
  id: string;
  busy: boolean;
}

function bossOptions({ singletonKey, startAfter, retryLimit, priority }: SendOptions): BossSendOptions {
  return {
    ...(singletonKey === undefined ? {} : { singletonKey }),
    ...(startAfter === undefined ? {} : { startAfter }),
    ...(retryLimit === undefined ? {} : { retryLimit }),
    ...(priority === undefined ? {} : { priority }),
  };
}

/** pg-boss' view of a transaction of ours. */
function within(tx: Transaction) {
  return {
    executeSql: async (sql: string, values?: unknown[]) => {
      const result = await tx.queryRunner!.query(sql, values, true);
      return { rows: result.records ?? [] };
    },
  };
}
