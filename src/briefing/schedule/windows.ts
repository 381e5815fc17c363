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

/** What is wrong with a cron expression, in words; undefined where nothing is. */
export function cronProblem(cron: string): string | undefined {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5)
    return `has ${fields.length} fields; accepted: five (minute hour day month weekday), such as "0 8 * * 1-5"`;
  // Some readers take H for a minute of their own choice, another one each time.
  if (/\bH\b|\bH\(/i.test(cron))
    return 'has "H", which names no time; accepted: minute hour day month weekday, such as "0 8 * * 1-5"';
  try {
    CronExpressionParser.parse(cron, { tz: 'UTC' }).next();
    return undefined;
  } catch (error) {
    return `cannot be read (${(error as Error).message}); accepted: minute hour day month weekday, such as "0 8 * * 1-5"`;
  }
}

const DAY_MINUTES = 24 * 60;

/**
 * The shortest while from one window's opening to the next, in minutes, as if every day had them. A window that is longer would be
 * open together with the next one, and nobody could say which of them a briefing is for.
 * @throws where the expression cannot be read
 */
export function shortestGapMinutes(cron: string): number {
  const { minute, hour } = CronExpressionParser.parse(cron, { tz: 'UTC' }).fields;
  const times = hour.values.flatMap((h) => minute.values.map((m) => Number(h) * 60 + Number(m))).sort((a, b) => a - b);
  const gaps = times.map((time, i) => (times[i + 1] ?? times[0]! + DAY_MINUTES) - time);
  return Math.min(...gaps);
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
