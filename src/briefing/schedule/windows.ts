import { createHash } from 'node:crypto';
import { CronExpressionParser } from 'cron-parser';
import { IANAZone } from 'luxon';

/** Share of a window over which its briefings begin; the rest is room for those that are slow or have to be made again. */
const SPREAD = 0.6;
const DAY_MS = 86_400_000;

/**
 * When the next window opens after a moment: when the clocks of that zone first show, or pass, a time of the cron expression. So a
 * time that a change of clocks leaves out comes with the change, together with others that it leaves out; one that comes twice
 * counts the first time.
 * @param after milliseconds since 1970
 * @returns milliseconds since 1970; null where the expression never comes true again
 */
export function nextWindow(cron: string, zone: string, after: number): number | null {
  const place = IANAZone.create(zone);
  try {
    // Clocks as numbers: what they show, read as if it were UTC.
    const shown = after + offsetAt(place, after);
    const times = CronExpressionParser.parse(cron, { tz: 'UTC', currentDate: new Date(shown) });
    for (;;) {
      const opens = firstAt(place, times.next().getTime());
      if (opens > after) return opens;
    }
  } catch {
    return null;
  }
}

/** When clocks first show or pass a time; both in milliseconds since 1970, the time as if it were UTC. */
function firstAt(zone: IANAZone, time: number): number {
  const [before, later] = [offsetAt(zone, time - DAY_MS), offsetAt(zone, time + DAY_MS)];
  const [early, late] = [time - Math.max(before, later), time - Math.min(before, later)];
  for (const instant of [early, late]) if (instant + offsetAt(zone, instant) === time) return instant;
  // No clock shows it: they are put forward between these two, before which they show less and after which more.
  let [low, high] = [early, late];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (middle + offsetAt(zone, middle) < time) low = middle;
    else high = middle;
  }
  return high;
}

/** Milliseconds that clocks of the zone are ahead of UTC. @throws where there is no such zone */
function offsetAt(zone: IANAZone, instant: number): number {
  const minutes = zone.offset(instant);
  if (Number.isNaN(minutes)) throw new Error(`no time zone "${zone.name}"`);
  return minutes * 60_000;
}

/** How long after its window has opened a person's briefing begins, in milliseconds: the same whoever works it out. */
export function jitter(tenantId: string, userId: string, start: number, windowMs: number): number {
  const hash = createHash('sha256')
    .update(JSON.stringify([tenantId, userId, start]))
    .digest();
  return Math.floor((hash.readUInt32BE() / 2 ** 32) * SPREAD * windowMs);
}

export interface DueWindow {
  /** The window that is open, if one is; milliseconds since 1970. */
  readonly open: { readonly start: number; readonly end: number } | undefined;
  /** Windows that were over before anybody looked. */
  readonly missed: number;
  /** When the next one opens. */
  readonly next: number | null;
}

/** Windows counted one by one at most: after a long sleep the exact number says nothing more. */
const MOST_COUNTED = 1_000;

/**
 * What is due of a schedule whose next window was to open at `due`: of the windows that have opened since, the last one if it
 * is still open. The others were missed, and are not made late.
 */
export function dueWindow(
  schedule: { readonly cron: string; readonly zone: string; readonly windowMs: number },
  due: number,
  now: number,
): DueWindow {
  const { cron, zone, windowMs } = schedule;
  const opened: number[] = [];
  let next: number | null = due;
  while (next !== null && next <= now) {
    opened.push(next);
    next = nextWindow(cron, zone, opened.length < MOST_COUNTED ? next : Math.max(next, now - windowMs));
  }
  const last = opened.at(-1);
  const isOpen = last !== undefined && last + windowMs > now;
  return {
    open: isOpen ? { start: last, end: last + windowMs } : undefined,
    missed: opened.length - (isOpen ? 1 : 0),
    next,
  };
}
