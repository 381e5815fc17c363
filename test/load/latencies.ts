import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Longest latency that is told apart, in milliseconds. */
const LONGEST_MS = 600_000;

/**
 * Latencies with three significant figures from a microsecond to ten minutes: Node's own HdrHistogram (HdrHistogram_c,
 * 28 ns a record), which needs no package and travels between threads.
 */
export class Latencies {
  readonly histogram: RecordableHistogram;

  constructor(histogram?: RecordableHistogram) {
    this.histogram = createHistogram({ lowest: 1, highest: LONGEST_MS * 1_000, figures: 3 });
    if (histogram && histogram.count > 0) this.histogram.add(histogram);
  }

  record(ms: number): void {
    this.histogram.record(Math.min(LONGEST_MS * 1_000, Math.max(1, Math.round(ms * 1_000))));
  }

  add(other: Latencies): this {
    if (other.count > 0) this.histogram.add(other.histogram);
    return this;
  }

  get count(): number {
    return this.histogram.count;
  }

  /** Milliseconds that this share of the calls needed at most, in percent; 0 where nothing was recorded. */
  percentile(percent: number): number {
    return this.count === 0 ? 0 : this.histogram.percentile(percent) / 1_000;
  }

  get max(): number {
    return this.count === 0 ? 0 : this.histogram.max / 1_000;
  }

  /** Milliseconds by name, for reports. */
  summary(): Record<'min' | 'mean' | 'p50' | 'p90' | 'p95' | 'p99' | 'p999' | 'max', number> {
    const round = (ms: number) => Math.round(ms * 1_000) / 1_000;
    const at = (percent: number) => round(this.percentile(percent));
    const { min, mean } = this.histogram;
    return {
      min: this.count === 0 ? 0 : round(min / 1_000),
      mean: this.count === 0 ? 0 : round(mean / 1_000),
      p50: at(50),
      p90: at(90),
      p95: at(95),
      p99: at(99),
      p999: at(99.9),
      max: round(this.max),
    };
  }
}
