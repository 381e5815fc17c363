import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Gauge, register } from 'prom-client';
import * as sql from './approvals.sql.ts';

const NAME = 'approvals_pending';
/** A database that is away must not hold up the scrape; the gauge then keeps what it knew. */
const WAIT_MS = 500;

/** Counts at each scrape, from the table: every replica tells the same. */
@Injectable()
export class ApprovalsMetrics implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    register.removeSingleMetric(NAME);
    const count = () => this.count();
    new Gauge({
      name: NAME,
      help: 'Approvals that wait for a person, in all tenants. Every replica tells the same number.',
      async collect() {
        const n = await count();
        if (n !== undefined) this.set(n);
      },
    });
  }

  /** @returns undefined where the database does not say in time */
  private count(): Promise<number | undefined> {
    return new Promise((resolve) => {
      const stop = this.clock.after(WAIT_MS, () => resolve(undefined));
      this.database
        .system<{ n: number }[]>((tx) => tx.query(sql.COUNT_ALL_PENDING, [new Date(this.clock.now())]))
        .then(
          ([row]) => resolve(row?.n),
          () => resolve(undefined),
        )
        .finally(stop);
    });
  }
}
