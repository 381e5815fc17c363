import { Injectable } from '@nestjs/common';
import { InjectMetric, makeHistogramProvider } from '@willsoto/nestjs-prometheus';
import { Histogram } from 'prom-client';

export const AUTO_RESPONSE_METRICS = [
  makeHistogramProvider({
    name: 'auto_response_seconds',
    help: 'Time from the acceptance of a message to the dispatch of its reply, of replies that waited for no person.',
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 300],
  }),
];

/** The measures of auto-response. */
@Injectable()
export class AutoResponseMetrics {
  constructor(@InjectMetric('auto_response_seconds') private readonly durations: Histogram) {}

  dispatched(seconds: number): void {
    this.durations.observe(seconds);
  }
}
