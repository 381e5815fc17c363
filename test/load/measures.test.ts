import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Arrivals } from './generator/arrivals.ts';
import { Latencies } from './latencies.ts';
import { fitLine, trendOf } from './slope.ts';
import { RateSearch } from './search.ts';
import { count, mebibytes, milliseconds, percent, table } from './table.ts';
import { busySeconds, cpuShares, descendants, parseStat, type Snapshot } from './usage.ts';

describe('latencies', () => {
  test('give percentiles to three figures', () => {
    const latencies = new Latencies();
    for (let ms = 1; ms <= 1_000; ms++) latencies.record(ms);
    expect(latencies.percentile(50)).toBeCloseTo(500, -1);
    expect(latencies.percentile(99)).toBeCloseTo(990, -1);
    expect(latencies.max).toBeCloseTo(1_000, -1);
    expect(latencies.summary().mean).toBeCloseTo(500.5, 0);
  });

  test('of several runs add up, whatever was recorded where', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e5, noNaN: true })),
        fc.array(fc.double({ min: 0, max: 1e5, noNaN: true })),
        (a, b) => {
          const [first, second, both] = [new Latencies(), new Latencies(), new Latencies()];
          for (const ms of [...a, ...b]) both.record(ms);
          for (const ms of a) first.record(ms);
          for (const ms of b) second.record(ms);
          expect(first.add(second).summary()).toEqual(both.summary());
        },
      ),
    );
  });

  test('are 0 where nothing was recorded, and never lost where they are beyond the scale', () => {
    const latencies = new Latencies();
    expect(latencies.summary()).toMatchObject({ min: 0, mean: 0, p99: 0, max: 0 });
    latencies.record(0);
    latencies.record(1e9);
    expect(latencies.count).toBe(2);
    expect(latencies.max).toBeGreaterThan(599_000);
  });
});

describe('arrivals', () => {
  test('come at the mean rate, by chance, and the same for the same seed', () => {
    const times = (seed: number) => {
      const arrivals = new Arrivals(200, seed);
      const found: number[] = [];
      for (let due = arrivals.take(100_000); due !== undefined; due = arrivals.take(100_000)) found.push(due);
      return found;
    };
    const one = times(1);
    expect(one.length).toBeGreaterThan(19_400);
    expect(one.length).toBeLessThan(20_600);
    expect(one).toEqual([...one].sort((a, b) => a - b));
    expect(times(1)).toEqual(one);
    expect(times(2)).not.toEqual(one);
    // Of a Poisson process the gaps vary as much as they are long.
    const gaps = one.slice(1).map((at, i) => at - one[i]!);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
  });

  test('that are due pile up while the generator is late: none is skipped', () => {
    const arrivals = new Arrivals(1_000);
    expect(arrivals.take(0)).toBeUndefined();
    let late = 0;
    while (arrivals.take(500) !== undefined) late++;
    expect(late).toBeGreaterThan(400);
    expect(arrivals.next).toBeGreaterThan(500);
  });
});

describe('the slope', () => {
  test('of points on a line is the line', () => {
    fc.assert(
      fc.property(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -1_000, max: 1_000 }), (slope, intercept) => {
        const points = Array.from({ length: 20 }, (_, x) => ({ x, y: slope * x + intercept }));
        const line = fitLine(points);
        expect(line.slope).toBeCloseTo(slope, 6);
        expect(line.intercept).toBeCloseTo(intercept, 6);
      }),
    );
  });

  test('is 0 where there is nothing to fit', () => {
    expect(fitLine([])).toEqual({ slope: 0, intercept: 0 });
    expect(fitLine([{ x: 1, y: 7 }])).toEqual({ slope: 0, intercept: 7 });
  });

  test('leaves the first third out: growing into a plateau is flat, growing on is not', () => {
    const plateau = Array.from({ length: 30 }, (_, x) => ({ x, y: Math.min(x, 10) * 10 }));
    expect(trendOf(plateau, 0.05)).toMatchObject({ isFlat: true, mean: 100 });
    const leak = Array.from({ length: 30 }, (_, x) => ({ x, y: 100 + x }));
    expect(trendOf(leak, 0.05)).toMatchObject({ isFlat: false, slope: expect.closeTo(1) });
    const shrinking = leak.map(({ x, y }) => ({ x, y: 300 - y }));
    expect(trendOf(shrinking, 0.05).isFlat).toBe(true);
  });
});

describe('the search for a rate', () => {
  const find = (limit: number) => {
    const search = new RateSearch({ first: 1_000, factor: 1.3, refinements: 4 });
    const tried: number[] = [];
    for (let rate = search.next(); rate !== undefined; rate = search.next()) {
      tried.push(rate);
      search.tell(rate, rate <= limit);
    }
    return { good: search.good, tried };
  };

  test('comes close from below', () => {
    expect(find(5_000).good).toBeGreaterThan(4_850);
    expect(find(5_000).good).toBeLessThanOrEqual(5_000);
  });

  test('ends also where the first rate is too much, or any', () => {
    expect(find(600).good).toBeGreaterThan(450);
    expect(find(0)).toMatchObject({ good: 0 });
    expect(find(0).tried).toHaveLength(5);
  });
});

describe('tables', () => {
  test('line up', () => {
    expect(
      table(
        ['Scenario', 'P95'],
        [
          ['Audit Write', '41.2 ms'],
          ['x', '1.00 s'],
        ],
      ),
    ).toBe(
      [
        '| Scenario    |     P95 |',
        '|-------------|--------:|',
        '| Audit Write | 41.2 ms |',
        '| x           |  1.00 s |',
      ].join('\n'),
    );
  });

  test('round as a reader wants it', () => {
    expect([0.8412, 41.24, 512.3, 1_240, 61_000].map(milliseconds)).toEqual([
      '0.84 ms',
      '41.2 ms',
      '512 ms',
      '1.24 s',
      '61.0 s',
    ]);
    expect([0, 0.00001, 0.0012, 0.034, 1.05].map(percent)).toEqual(['0 %', '< 0.01 %', '0.12 %', '3.4 %', '105 %']);
    expect(count(1234567)).toBe('1,234,567');
    expect(mebibytes(3 * 1_048_576)).toBe('3 MiB');
  });
});

describe('processor time', () => {
  const line = (pid: number, name: string, parent: number, ticks: number, pages = 1) =>
    `${pid} (${name}) S ${parent} ${pid} ${pid} 0 -1 4194304 0 0 0 0 ${ticks} 0 5 0 20 0 1 0 100 1000 ${pages} 0`;

  test('is read from a line of /proc whatever the process is called', () => {
    expect(parseStat(line(42, 'odd) (name', 7, 30, 12))).toEqual({
      pid: 42,
      parent: 7,
      name: 'odd) (name',
      ticks: 30,
      childTicks: 5,
      residentPages: 12,
    });
    expect(parseStat('nonsense')).toBeUndefined();
  });

  test('is summed over a process and everything below it', () => {
    const all = [
      line(1, 'init', 0, 1),
      line(5, 'node', 1, 1),
      line(6, 'postgres', 5, 1),
      line(7, 'postgres', 6, 1),
      line(9, 'opa', 1, 1),
    ];
    expect(
      descendants(
        all.map((text) => parseStat(text)!),
        5,
      ).map((process) => process.pid),
    ).toEqual([5, 6, 7]);
  });

  test('becomes shares of a core; what is nobody of ours is other work', () => {
    const at = (ms: number, seconds: number, machineSeconds: number): Snapshot => ({
      at: ms,
      cpuSeconds: { gateway: seconds, opa: 0, postgres: 0 },
      residentBytes: { gateway: 0, opa: 0 },
      machineSeconds,
      ownSeconds: 0,
    });
    expect(cpuShares(at(0, 1, 10), at(2_000, 3, 14))).toEqual({ gateway: 1, opa: 0, postgres: 0, others: 1 });
    expect(busySeconds('cpu  100 50 50 9999 77 0 0 0 0 0\ncpu0 1 1 1 1\n')).toBe(2);
  });
});
