import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Gap, joinGaps, missingIn, rangesToRead } from './gaps.ts';

/** What one reading of a range finds, as the statement does: an entry beyond the end is imagined. */
function read(present: ReadonlySet<number>, after: number, upTo: number): Gap[] {
  const gaps: Gap[] = [];
  let previous = after;
  for (let n = after + 1; n <= upTo + 1; n++) {
    if (n <= upTo && !present.has(n)) continue;
    if (n - previous > 1) gaps.push({ after: previous, before: n });
    previous = n;
  }
  return gaps;
}

describe('gaps in a sequence', () => {
  test('reading in pieces finds what reading at once finds', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 60 });
    fc.assert(
      fc.property(numbers, fc.uniqueArray(fc.integer({ min: 1, max: 59 }), { maxLength: 5 }), (present, cuts) => {
        const there = new Set(present);
        const edges = [0, ...cuts.sort((a, b) => a - b), 60];
        const pieces = edges.slice(1).flatMap((upTo, n) => read(there, edges[n] ?? 0, upTo));
        expect(joinGaps(pieces)).toEqual(read(there, 0, 60));
        expect(joinGaps(pieces).reduce((sum, gap) => sum + missingIn(gap), 0)).toBe(60 - there.size);
      }),
    );
  });

  test('every call reads what is new, and in time everything again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(40), { maxLength: 10 }), (budget, growth) => {
        let last = 0;
        let mark = { checked: 0, swept: 0 };
        const times = new Map<number, number>();
        const call = () => {
          const { ranges, swept } = rangesToRead(mark, last, budget);
          const before = mark.checked;
          mark = { checked: last, swept };
          const readNow = new Set<number>();
          for (const { after, upTo } of ranges) for (let n = after + 1; n <= upTo; n++) readNow.add(n);
          for (let n = before + 1; n <= last; n++) expect(readNow.has(n)).toBe(true);
          for (const n of readNow) times.set(n, (times.get(n) ?? 0) + 1);
        };
        for (const more of growth) {
          last += more;
          call();
        }
        times.clear();
        for (let n = 0; n <= 2 * Math.ceil(last / budget); n++) call();
        for (let n = 1; n <= last; n++) expect(times.get(n) ?? 0).toBeGreaterThan(0);
      }),
    );
  });
});
