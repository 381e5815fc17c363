import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';
import { Counter, Histogram } from 'prom-client';

export const BRIEFING_METRICS = [
  makeHistogramProvider({
    name: 'briefing_generation_seconds',
    help: 'Time to make a briefing, the wait for systems that had to be read included.',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60],
  }),
  makeCounterProvider({
    name: 'briefing_window_misses_total',
    help: 'Scheduled briefings that were not ready before the end of their window, made late or not at all.',
  }),
];

/** The measures of briefings. */
@Injectable()
export class BriefingMetrics {
  constructor(
    @InjectMetric('briefing_generation_seconds') private readonly generation: Histogram,
    @InjectMetric('briefing_window_misses_total') private readonly misses: Counter,
  ) {}

  generated(seconds: number): void {
    this.generation.observe(seconds);
  }

  missed(windows: number): void {
    this.misses.inc(windows);
  }
}
