import { encodeTime } from 'ulid';
import { timeOf } from './ids.ts';

/** A stretch of time within which an index of terms is asked. */
export interface Stretch {
  /** Each of its entries has one of these terms; none: it is a month. */
  readonly slots: readonly string[];
  /** Its first and last moment, Unix ms. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** The ids of its entries lie between these two. */
  readonly afterId: string;
  readonly beforeId: string;
}

/** Slots that an entry's terms name: so many characters of its id, which begins with its time in base 32. */
const SLOTS = [7, 6, 5].map((characters) => ({ characters, ms: 32 ** (10 - characters) }));
/** Slots of one size in a stretch, one stretch after the other; together about as long as the next size. */
const STEPS = [1, 2, 4, 8, 16];
/** A first slot may be so much longer than what was looked at before it. */
const FIRST = 8;

/**
 * All time before an entry, newest first, in stretches that are disjoint and leave nothing out. Each is about as long as
 * all before it, from 33 seconds to months. So who reads them one after the other until there is enough reads little that is
 * not needed, and the whole of a log in few steps.
 *
 * @param beforeId the id of the entry
 * @param seenMs how much time before it has been looked at already
 * @param oldestMs nothing is older
 */
export function stretchesBefore(beforeId: string, seenMs: number, oldestMs: number): Stretch[] {
  const stretches: Stretch[] = [];
  let [untilMs, before] = [timeOf(beforeId), beforeId];
  const add = (fromMs: number, slots: readonly string[]) => {
    const afterId = encodeTime(fromMs, 10);
    stretches.push({ slots, fromMs, untilMs, afterId, beforeId: before });
    [untilMs, before] = [fromMs - 1, afterId];
  };
  for (const { characters, ms } of SLOTS.filter((slot) => slot.ms * FIRST >= seenMs)) {
    for (const step of STEPS) {
      if (untilMs < oldestMs) break;
      const last = Math.floor(untilMs / ms);
      const first = Math.max(0, last - step + 1);
      const slots = Array.from({ length: last - first + 1 }, (_, n) => encodeTime((first + n) * ms, 10));
      add(
        first * ms,
        slots.map((slot) => `/${slot.slice(0, characters)}`),
      );
    }
  }
  while (untilMs >= oldestMs) add(monthOf(untilMs), []);
  return stretches;
}

/** The first moment of a moment's month: where partitions begin. */
function monthOf(ms: number): number {
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}
