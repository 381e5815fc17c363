import { Worker } from 'node:worker_threads';
import { Latencies } from '../latencies.ts';
import type { FromWorker, Progress, Run, RunResult, Setup, ToWorker } from './protocol.ts';

/** What one run came to. */
export interface Measured extends Omit<RunResult, 'histograms' | 'calls'> {
  readonly labels: readonly string[];
  readonly byLabel: readonly Latencies[];
  readonly all: Latencies;
  readonly calls: number;
  readonly failed: number;
  /** Answers a second. */
  readonly throughput: number;
  readonly errorRate: number;
}

/** A thread of its own that makes calls, so that this one can look at the machine and print. */
export class Generator {
  private readonly setup: Setup;
  private readonly worker: Worker;

  constructor(setup: Setup) {
    this.setup = setup;
    this.worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: setup });
  }

  /** @param signal ends the run early; what was measured until then is the result */
  run(run: Run, report: (progress: Progress) => void, signal?: AbortSignal): Promise<Measured> {
    return new Promise((resolve, reject) => {
      const stop = () => this.tell({ type: 'stop' });
      const done = () => {
        signal?.removeEventListener('abort', stop);
        this.worker.removeAllListeners('message').removeAllListeners('error');
      };
      this.worker.once('error', (error) => {
        done();
        reject(error);
      });
      this.worker.on('message', (message: FromWorker) => {
        if (message.type === 'progress') return report(message.progress);
        done();
        resolve(this.measured(message.result));
      });
      signal?.addEventListener('abort', stop);
      this.tell({ type: 'run', run });
      if (signal?.aborted) stop();
    });
  }

  async close(): Promise<void> {
    this.tell({ type: 'close' });
    await new Promise((ended) => this.worker.once('exit', ended));
  }

  private tell(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private measured({ histograms, calls, ...rest }: RunResult): Measured {
    const byLabel = histograms.map((histogram) => new Latencies(histogram));
    const all = byLabel.reduce((sum, latencies) => sum.add(latencies), new Latencies());
    const total = calls.reduce((sum, n) => sum + n, 0);
    const failed = Object.values(rest.errors).reduce((sum, n) => sum + n, 0);
    return {
      ...rest,
      labels: this.setup.labels,
      byLabel,
      all,
      calls: total,
      failed,
      throughput: rest.elapsedMs === 0 ? 0 : (all.count * 1_000) / rest.elapsedMs,
      errorRate: total === 0 ? 0 : failed / total,
    };
  }
}
