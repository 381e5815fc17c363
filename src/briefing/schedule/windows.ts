import { createHash } from 'node:crypto';
import { CronExpressionParser } from 'cron-parser';

/** Share of a window over which its briefings begin; the rest is room for those that are slow or have to be made again. */
const SPREAD = 0.6;

/**
 * When the next window opens after a moment: the cron expression as the clocks of that zone show it. A time that a change of
 * clocks leaves out comes an hour later, and one that comes twice counts once.
 * @param after milliseconds since 1970
 * @returns milliseconds since 1970; null where the expression never comes true again
 */
export function nextWindow(cron: string, zone: string, after: number): number | null {
  try {
    return CronExpressionParser.parse(cron, { tz: zone, currentDate: new Date(after) })
      .next()
      .getTime();
  } catch {
    return null;
  }
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
