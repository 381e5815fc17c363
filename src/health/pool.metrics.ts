import { Database } from '#libs/database';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Gauge, register } from 'prom-client';

const NAME = 'db_pool_connections';

/** Shows the state of the query pool at each scrape. */
@Injectable()
export class PoolMetrics implements OnModuleInit {
  constructor(private readonly database: Database) {}

  onModuleInit(): void {
    register.removeSingleMetric(NAME);
    const { database } = this;
    new Gauge({
      name: NAME,
      help: 'Database connections of this process: used, idle, and callers waiting for one.',
      labelNames: ['state'],
      collect() {
        for (const [state, n] of Object.entries(database.poolState())) this.set({ state }, n);
      },
    });
  }
}
