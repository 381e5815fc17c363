import { People } from '#identity';
import { Clock, Rounds } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database } from '#libs/database';
import { Problem } from '#libs/http';
import { type Job, Jobs } from '#libs/jobs';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { BriefingMetrics } from '../briefing.metrics.ts';
import { Briefings } from '../generation/briefings.ts';
import { Delivery } from './delivery.ts';
import * as sql from './schedule.sql.ts';
import { usualSchedule } from './usual.ts';
import { dueWindow, jitter, nextWindow } from './windows.ts';

export const BRIEFING_QUEUE = 'briefing.window';

/** Due rows are looked for so often, in milliseconds. */
const TICK_MS = 2_000;
/** Usual schedules are brought up to date so often. */
const USUAL_MS = 60_000;
/** Rows a transaction. */
const AT_ONCE = 500;
const MINUTE_MS = 60_000;
const CONCURRENCY = 4;
/** With pauses that double these last for more than two hours: a job ends with its briefing, or with its window. */
const RETRIES = 12;
/** A job whose process has died counts as failed after so many seconds, and comes again. */
const EXPIRE_SECONDS = 60;

interface WindowJob {
  readonly tenantId: string;
  readonly userId: string;
  readonly start: string;
  readonly end: string;
}

/**
 * Makes each person's briefing once in each window. Which windows are due is worked out from the table and not from timers:
 * a row moves on in the transaction that stores its job, so that whoever looks first makes it and nobody makes it twice, and a
 * process that was down goes on where the table stands.
 */
@Injectable()
export class ScheduleRunner implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('briefing');
  private readonly rounds = new Rounds();
  private usualAt = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly people: People,
    private readonly briefings: Briefings,
    private readonly delivery: Delivery,
    private readonly metrics: BriefingMetrics,
    private readonly clock: Clock,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.work<WindowJob>(BRIEFING_QUEUE, (job) => this.run(job), {
      once: 'queued',
      retryLimit: RETRIES,
      retryDelaySeconds: 2,
      expireInSeconds: EXPIRE_SECONDS,
      concurrency: CONCURRENCY,
    });
    this.rounds.begin();
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.end();
  }

  @Interval(TICK_MS)
  async tick(): Promise<void> {
    await this.rounds.run(async () => {
      try {
        if (this.clock.elapsed() - this.usualAt >= USUAL_MS) await this.keepUsual();
        while ((await this.takeDue()) === AT_ONCE);
      } catch (error) {
        this.log.warn(`no briefings could be scheduled: ${(error as Error).message}`);
      }
    });
  }

  /** Usual schedules come, follow the settings and their people, and go. */
  private async keepUsual(): Promise<void> {
    this.usualAt = this.clock.elapsed();
    const usual = usualSchedule(this.settings);
    await this.database.system(async (tx) => {
      await tx.query(sql.FORGET_WHO_LEFT);
      await tx.query(sql.WAKE_WHO_CAME_BACK);
      if (!usual) return tx.query(sql.FORGET_USUAL_SCHEDULES);
      await tx.query(sql.FOLLOW_USUAL, [usual.cron, usual.window]);
      return tx.query(sql.ADD_USUAL_SCHEDULES, [usual.cron, usual.window]);
    });
  }

  /** @returns how many rows were due */
  private async takeDue(): Promise<number> {
    const now = this.clock.now();
    const { due, missed } = await this.database.system(async (tx) => {
      const rows: sql.DueRow[] = await tx.query(sql.TAKE_DUE_SCHEDULES, [new Date(now), AT_ONCE]);
      const steps = rows.map((row) => ({ row, ...stepOf(row, now) }));
      const jobs = steps.flatMap(({ row, open }) => (open ? [jobOf(row, open)] : []));
      await this.jobs.sendAll(tx, BRIEFING_QUEUE, jobs);
      const moves = steps.map(({ row, next }) => ({
        tenant_id: row.tenant_id,
        user_id: row.user_id,
        next_window: next === null ? 'infinity' : new Date(next),
      }));
      if (moves.length > 0) await tx.query(sql.ADVANCE_SCHEDULES, [JSON.stringify(moves)]);
      return { due: rows.length, missed: steps.reduce((sum, step) => sum + step.missed, 0) };
    });
    if (missed > 0) {
      this.metrics.missed(missed);
      this.log.warn(`${missed} briefing windows were over before anybody looked`);
    }
    if (due > 0) this.jobs.notify(BRIEFING_QUEUE);
    return due;
  }

  private async run({ id, data }: Job<WindowJob>): Promise<void> {
    const { tenantId, userId, start, end } = data;
    const person = await this.people.find(tenantId, userId);
    if (!person) return; // has left meanwhile
    const [schedule]: sql.ScheduleRow[] = await this.database.tenant(tenantId, (tx) =>
      tx.query(sql.FIND_SCHEDULE, [userId]),
    );
    if (!schedule?.enabled) return; // was turned off meanwhile
    const made = await this.briefings.ofWindow(tenantId, userId, start);
    if (!made && this.clock.now() >= Date.parse(end)) {
      this.metrics.missed(1);
      this.log.warn({ tenantId, userId, start }, 'a briefing window was over before its briefing could be made');
      return;
    }
    try {
      const by = { actor: 'system', requestId: `job-${id}` };
      const briefing = made ?? (await this.briefings.generate(person, { window: { start, end } }, by));
      await this.delivery.deliver(person, briefing, schedule.deliver);
    } catch (error) {
      // Policy has turned it off for this person; the decision is recorded, and the next window asks again.
      if (error instanceof Problem && error.code === 'forbidden') return;
      throw error;
    }
  }
}

function stepOf(row: sql.DueRow, now: number) {
  if (row.has_left) return { open: undefined, missed: 0, next: null };
  const schedule = { cron: row.cron, zone: row.time_zone, windowMs: row.window_minutes * MINUTE_MS };
  if (row.next_window === null) return { open: undefined, missed: 0, next: nextWindow(row.cron, row.time_zone, now) };
  return dueWindow(schedule, row.next_window.getTime(), now);
}

function jobOf(row: sql.ScheduleRow, { start, end }: { readonly start: number; readonly end: number }) {
  const { tenant_id: tenantId, user_id: userId } = row;
  const data: WindowJob = {
    tenantId,
    userId,
    start: new Date(start).toISOString(),
    end: new Date(end).toISOString(),
  };
  return {
    data,
    singletonKey: JSON.stringify([tenantId, userId, start]),
    startAfter: new Date(start + jitter(tenantId, userId, start, end - start)),
  };
}
