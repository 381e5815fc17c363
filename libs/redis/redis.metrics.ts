import { Counter, Gauge, register } from 'prom-client';
import type { RedisConnection } from './connection.ts';

const CONNECTED = 'redis_connected';
const LOCAL = 'redis_local_answers_total';

/** Shows the state of the connection at each scrape. */
export function showRedis(connection: RedisConnection): void {
  for (const name of [CONNECTED, LOCAL]) register.removeSingleMetric(name);
  new Gauge({
    name: CONNECTED,
    help: '1 while Redis serves this replica, 0 while limits count for this replica alone and notices stay in it.',
    collect() {
      this.set(connection.connected ? 1 : 0);
    },
  });
  new Counter({
    name: LOCAL,
    help: 'Questions about limits that were answered in this replica because Redis was away, slow or failed.',
    collect() {
      this.reset();
      this.inc(connection.localAnswers);
    },
  });
}
