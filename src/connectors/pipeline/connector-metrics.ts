import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import { Counter, Gauge } from 'prom-client';
import type { ConnectorType } from '../work-item.ts';

/** How one attempt to get an answer from a vendor ended. */
export type RequestOutcome = 'ok' | 'client_error' | 'unauthorised' | 'limited' | 'failed' | 'refused';

export const CONNECTOR_METRICS = [
  makeCounterProvider({
    name: 'connector_requests_total',
    help: 'Requests to connected systems, each attempt counted. `refused`: never sent, the breaker is open or too many wait.',
    labelNames: ['connector', 'outcome'],
  }),
  makeGaugeProvider({
    name: 'connector_queue_depth',
    help: 'Requests that wait for their turn.',
    labelNames: ['connector'],
  }),
  makeCounterProvider({
    name: 'connector_sync_total',
    help: 'Syncs of one person and system that came to an end.',
    labelNames: ['connector', 'outcome'],
  }),
];

/** The measures of the connectors. */
@Injectable()
export class ConnectorMetrics {
  constructor(
    @InjectMetric('connector_requests_total') private readonly requests: Counter<'connector' | 'outcome'>,
    @InjectMetric('connector_queue_depth') private readonly queue: Gauge<'connector'>,
    @InjectMetric('connector_sync_total') private readonly syncs: Counter<'connector' | 'outcome'>,
  ) {}

  requested(connector: ConnectorType, outcome: RequestOutcome): void {
    this.requests.inc({ connector, outcome });
  }

  queued(connector: ConnectorType, change: 1 | -1): void {
    this.queue.inc({ connector }, change);
  }

  synced(connector: ConnectorType, outcome: 'ok' | 'partial' | 'unreachable'): void {
    this.syncs.inc({ connector, outcome });
  }
}
