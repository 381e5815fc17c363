/** How the cost of a piece of pure code grows with its input. */
export interface Measurement {
  readonly n: number;
  /** Processor time, best of several rounds, in milliseconds. */
  readonly ms: number;
}

const LEAST_ROUNDS = 5;
const LEAST_MS = 30;
/** Many short rounds, of which the best counts: other work on the machine does not slow all of them. */
const ALL_ROUNDS_MS = 1_500;

/**
 * Times `work` for each size, best of at least five rounds after one that warms up. Short work is repeated within a round, so that
 * the clock's step does not matter.
 * @param prepare makes the input of a size, not counted
 */
export async function growth<T>(
  sizes: readonly number[],
  prepare: (n: number) => T,
  work: (input: T) => unknown,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const n of sizes) {
    const input = prepare(n);
    let repeat = 1;
    let ms = await round(work, input, repeat);
    while (ms < LEAST_MS && repeat < 1_000_000) {
      repeat = Math.max(repeat * 2, Math.ceil((repeat * LEAST_MS) / Math.max(ms, 0.001)));
      ms = await round(work, input, repeat);
    }
    let best = Infinity;
    const begun = performance.now();
    for (let i = 0; i < LEAST_ROUNDS || performance.now() - begun < ALL_ROUNDS_MS; i++) {
      best = Math.min(best, (await round(work, input, repeat)) / repeat);
    }
    measurements.push({ n, ms: best });
  }
  return measurements;
}

/**
 * Processor time, which other work on the machine does not lengthen: of this thread, or for work that answers later of the
 * whole process, since Node then uses its thread pool.
 */
async function round<T>(work: (input: T) => unknown, input: T, repeat: number): Promise<number> {
  globalThis.gc?.();
  const thread = process.threadCpuUsage();
  const whole = process.cpuUsage();
  let isLater = false;
  for (let i = 0; i < repeat; i++) {
    const result = work(input);
    if (isPromise(result)) {
      isLater = true;
      await result;
    }
  }
  const { user, system } = isLater ? process.cpuUsage(whole) : process.threadCpuUsage(thread);
  return (user + system) / 1_000;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function';
}

/** n, time, time an item, and how many times longer than the size before: 10 for a size ×10 is linear. */
export function growthRows(name: string, measurements: readonly Measurement[]): string[][] {
  return measurements.map(({ n, ms }, i) => {
    const before = measurements[i - 1];
    const ratio = before ? `×${(ms / before.ms).toFixed(1)} for ×${(n / before.n).toFixed(0)}` : '';
    return [i === 0 ? name : '', n.toLocaleString('en-GB'), duration(ms), duration(ms / n), ratio];
  });
}

/** From nanoseconds to seconds with three figures. */
export function duration(ms: number): string {
  const [value, unit] =
    ms >= 1_000 ? [ms / 1_000, 's'] : ms >= 1 ? [ms, 'ms'] : ms >= 0.001 ? [ms * 1e3, 'µs'] : [ms * 1e6, 'ns'];
  return `${value.toPrecision(3)} ${unit}`;
}
