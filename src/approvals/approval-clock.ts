import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { InjectMetric, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import { Gauge } from 'prom-client';
import { Approvals } from './approvals.ts';
import * as sql from './approvals.sql.ts';

const TICK_MS = 5_000;
const AT_ONCE = 100;
/** A person is reminded when so much time is left, in milliseconds. */
const REMINDER_MS = 4 * 60 * 60_000;

export const APPROVAL_METRICS = [
  makeGaugeProvider({ name: 'approvals_pending', help: 'Questions that wait for a person, all tenants together.' }),
];

/** What time does to approvals. It looks at the table and not at timers, so any replica may do it and none does it twice. */
@Injectable()
export class ApprovalClock implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('approvals');
  private isOpen = false;
  private running: Promise<void> | undefined;

  constructor(
    private readonly approvals: Approvals,
    private readonly database: Database,
    private readonly clock: Clock,
    @InjectMetric('approvals_pending') private readonly pending: Gauge,
  ) {}

  onApplicationBootstrap(): void {
    this.isOpen = true;
  }

  async onModuleDestroy(): Promise<void> {
    this.isOpen = false;
    await this.running;
  }

  @Interval(TICK_MS)
  async tick(): Promise<void> {
    if (!this.isOpen || this.running) return;
    this.running = this.look().catch((error: Error) =>
      this.log.warn(`approvals could not be looked at: ${error.message}`),
    );
    await this.running;
    this.running = undefined;
  }

  private async look(): Promise<void> {
    const now = this.clock.now();
    const { due, near, pending } = await this.database.system(async (tx) => {
      const due: Place[] = await tx.query(sql.DUE, [new Date(now), AT_ONCE]);
      const near: Place[] = await tx.query(sql.TO_REMIND, [new Date(now), new Date(now + REMINDER_MS), AT_ONCE]);
      const [row]: { n: number }[] = await tx.query(sql.PENDING);
      return { due, near, pending: row!.n };
    });
    this.pending.set(pending);
    for (const { tenant_id, id } of due) await this.approvals.expire(tenant_id, id);
    for (const { tenant_id, id } of near) await this.approvals.remind(tenant_id, id);
  }
}

interface Place {
  readonly tenant_id: string;
  readonly id: string;
}
