import { Clock, Rounds } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database } from '#libs/database';
import { type Job, Jobs } from '#libs/jobs';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import * as sql from '../connectors.sql.ts';
import { Syncs } from './syncs.ts';

export const SYNC_QUEUE = 'connector.sync';

/** Due rows are looked for so often, in milliseconds. */
const TICK_MS = 1_000;
/** People and connectors that have come new are looked for so often. */
const PLAN_MS = 30_000;
/** Rows a tick. */
const AT_ONCE = 500;
/** A row whose job was lost is due again after so many seconds. */
const TAKEN_SECONDS = 900;

interface SyncJob {
  readonly tenantId: string;
  readonly connectorId: string;
  readonly userId: string;
}

/** Turns due rows into jobs. Every process looks; each row is taken by one. */
@Injectable()
export class SyncSchedule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('connectors');
  private planned = -Infinity;
  private readonly rounds = new Rounds();

  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly syncs: Syncs,
    private readonly clock: Clock,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.work<SyncJob>(SYNC_QUEUE, (job) => this.run(job), {
      once: 'queued',
      retryLimit: 0,
      concurrency: this.settings.CONNECTOR_SYNC_CONCURRENCY,
    });
    this.rounds.begin();
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.end();
  }

  @Interval(TICK_MS)
  async tick(): Promise<void> {
    await this.rounds.run(() => this.look());
  }

  private async look(): Promise<void> {
    try {
      if (this.clock.elapsed() - this.planned >= PLAN_MS) await this.plan();
      const sent = await this.database.system(async (tx) => {
        const [due]: [{ tenant_id: string; connector_id: string; user_id: string }[], number] = await tx.query(
          sql.TAKE_DUE,
          [AT_ONCE, TAKEN_SECONDS],
        );
        const jobs = due.map((row) => ({
          data: { tenantId: row.tenant_id, connectorId: row.connector_id, userId: row.user_id } satisfies SyncJob,
          singletonKey: `${row.tenant_id}/${row.connector_id}/${row.user_id}`,
        }));
        await this.jobs.sendAll(tx, SYNC_QUEUE, jobs);
        return jobs.length;
      });
      if (sent > 0) this.jobs.notify(SYNC_QUEUE);
    } catch (error) {
      this.log.warn(`no syncs could be scheduled: ${(error as Error).message}`);
    }
  }

  private async plan(): Promise<void> {
    this.planned = this.clock.elapsed();
    await this.database.system(async (tx) => {
      await tx.query(sql.PLAN_SYNCS, [null, null, PLAN_MS / 1000]);
      await tx.query(sql.FORGET_DELIVERIES);
    });
  }

  private async run({ data }: Job<SyncJob>): Promise<void> {
    await this.syncs.syncNow(data.tenantId, data.connectorId, data.userId);
  }
}
