import { describe, expect, test } from '@jest/globals';
import { RecentlyRead } from './recently-read.ts';

function slowSource() {
  const waiting: ((value: string) => void)[] = [];
  const source = new RecentlyRead<string>(
    { max: 10, freshMs: 60_000 },
    () => new Promise((give) => waiting.push(give)),
  );
  return { source, waiting };
}

describe('RecentlyRead', () => {
  test('reads once for all who ask meanwhile and soon after', async () => {
    const { source, waiting } = slowSource();
    const asked = [source.get('a'), source.get('a')];
    waiting[0]!('one');
    expect(await Promise.all([...asked, source.get('a')])).toEqual(['one', 'one', 'one']);
    expect(waiting).toHaveLength(1);
  });

  test('a read that was under way when all was forgotten is answered, and not kept', async () => {
    const { source, waiting } = slowSource();
    const before = source.get('a');
    source.forget();
    const after = source.get('a');
    waiting[0]!('old');
    waiting[1]!('new');
    expect(await Promise.all([before, after])).toEqual(['old', 'new']);
    expect(await source.get('a')).toBe('new');
  });

  test('a read that fails is told to whoever waits, and tried again by the next', async () => {
    let n = 0;
    const source = new RecentlyRead<number>({ max: 10, freshMs: 60_000 }, async () => {
      if (++n === 1) throw new Error('away');
      return n;
    });
    await expect(source.get('a')).rejects.toThrow('away');
    expect(await source.get('a')).toBe(2);
  });
});
