import { describe, expect, test } from '@jest/globals';
import { duration, growth, growthRows } from './growth.ts';

describe('growth', () => {
  test('is told as time, time an item and the ratio to the size before', () => {
    const rows = growthRows('sort', [
      { n: 100, ms: 0.05 },
      { n: 1_000, ms: 0.6 },
    ]);
    expect(rows).toEqual([
      ['sort', '100', '50.0 µs', '500 ns', ''],
      ['', '1,000', '600 µs', '600 ns', '×12.0 for ×10'],
    ]);
  });

  test('measures every size, work that answers later included', async () => {
    const seen = new Set<number>();
    const work = async (n: number) => {
      await Promise.resolve();
      seen.add(n);
      let sum = 0;
      for (let i = 0; i < 2_000_000; i++) sum += Math.sqrt(i);
      return sum;
    };
    const measured = await growth([1, 10], (n) => n, work);
    expect(measured.map(({ n }) => n)).toEqual([1, 10]);
    expect(measured.every(({ ms }) => ms > 0)).toBe(true);
    expect([...seen]).toEqual([1, 10]);
  });

  test('prints durations with three figures', () => {
    expect([0.0000123, 0.0123, 12.3, 12_300].map(duration)).toEqual(['12.3 ns', '12.3 µs', '12.3 ms', '12.3 s']);
  });
});
