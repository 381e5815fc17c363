import type { EventTime, WorkItem } from '#connectors';
import { DateTime } from 'luxon';
import { freeTime, type Span, type WorkingDay } from './free-time.ts';

export interface TimeBlock {
  /** ISO 8601 instants with the person's offset. */
  readonly start: string;
  readonly end: string;
  readonly taskId: string;
  /** `Review: Retry deliveries with backoff`, with `(1/2)` where the work is in two parts. */
  readonly label: string;
}

export interface PlannableTask {
  readonly id: string;
  readonly title: string;
  readonly items: readonly WorkItem[];
}

const MINUTE = 60_000;
const LEAST_PART = 30;
const SHORTEST = 15;
const LONGEST_LABEL = 200;

/**
 * When to do what on one day: the highest score first, each in the earliest free time that holds it whole. What no free time
 * holds whole, and is an hour or more, is spread over several, none under 30 minutes, if all of it finds room; else it waits for
 * another day and gives way to the next. What prepares a meeting of that day comes before all other work and lies as late as it
 * can before the meeting, or not at all. Blocks never touch a busy event or its buffer, nor each other, nor the past.
 * Source: DOMAIN rules, section 4, "Time blocks".
 * @param ranked open tasks, the highest score first
 * @returns in order of time
 */
export function plan(
  ranked: readonly PlannableTask[],
  busy: readonly EventTime[],
  working: WorkingDay,
): readonly TimeBlock[] {
  const free = freeTime(busy, working);
  const planned: (Span & { readonly taskId: string; readonly label: string })[] = [];
  const endOfDay = Math.max(0, ...free.map(({ end }) => end));
  const bound = new Set(ranked.filter(({ items }) => meetingAhead(items) <= endOfDay));
  for (const task of [...bound, ...ranked.filter((other) => !bound.has(other))]) {
    if (free.every((span) => minutes(span) < SHORTEST)) break;
    const { minutes: length, verb } = effort(task.items);
    const before = meetingAhead(task.items);
    const parts = before <= endOfDay ? takeBefore(free, length, before) : take(free, length);
    parts.forEach((part, i) => {
      const ending = parts.length > 1 ? ` (${i + 1}/${parts.length})` : '';
      planned.push({ ...part, taskId: task.id, label: `${`${verb}: ${task.title}`.slice(0, LONGEST_LABEL)}${ending}` });
    });
  }
  const iso = (time: number) =>
    DateTime.fromMillis(time, { zone: working.zone }).toISO({ suppressMilliseconds: true })!;
  return planned
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, taskId, label }) => ({ start: iso(start), end: iso(end), taskId, label }));
}

/** How long a task takes, in minutes, and what is done: of its open items the longest counts. */
export function effort(items: readonly WorkItem[]): { readonly minutes: number; readonly verb: string } {
  let longest = { minutes: 0, verb: 'Work on' };
  for (const item of items) {
    if (item.done !== null || item.reasons.length === 0) continue;
    const one = effortOf(item);
    if (one.minutes > longest.minutes) longest = one;
  }
  return longest.minutes === 0 ? { minutes: 30, verb: 'Work on' } : longest;
}

function effortOf({ kind, reasons }: WorkItem): { readonly minutes: number; readonly verb: string } {
  switch (kind) {
    case 'pull_request':
      return reasons.includes('review_requested') ? { minutes: 90, verb: 'Review' } : { minutes: 30, verb: 'Work on' };
    case 'mail':
      return { minutes: 15, verb: 'Answer' };
    case 'document':
      return { minutes: 60, verb: 'Read' };
    case 'issue':
      return { minutes: 60, verb: 'Work on' };
    case 'meeting':
      return { minutes: 30, verb: 'Prepare' };
    default:
      return kind satisfies never;
  }
}

/** When the meeting begins that work prepares, in milliseconds since 1970; infinity where it prepares none. */
function meetingAhead(items: readonly WorkItem[]): number {
  const starts = items.map(({ kind, event, done, reasons }) =>
    kind === 'meeting' && event !== null && done === null && reasons.length > 0 ? Date.parse(event.start) : Infinity,
  );
  return Math.min(Infinity, ...starts.filter((start) => !Number.isNaN(start)));
}

/** Takes time off the latest free span in which it ends by `before`; nothing where there is none. */
function takeBefore(free: Span[], length: number, before: number): Span[] {
  for (let at = free.length - 1; at >= 0; at -= 1) {
    const { start, end } = free[at]!;
    const until = Math.min(end, before);
    const from = until - length * MINUTE;
    if (from < start) continue;
    const rest = [
      { start, end: from },
      { start: until, end },
    ].filter((span) => span.end > span.start);
    free.splice(at, 1, ...rest);
    return [{ start: from, end: until }];
  }
  return [];
}

/** Takes time off the free spans; nothing where there is not enough. */
function take(free: Span[], length: number): Span[] {
  const whole = free.findIndex((span) => minutes(span) >= length);
  if (whole >= 0) return [cut(free, whole, length)];
  if (length < 2 * LEAST_PART) return [];
  const shares = partsOf(free.map(minutes), length);
  // From the back, so that what is used up does not move those before it.
  return shares
    .reverse()
    .map(([at, share]) => cut(free, at, share))
    .reverse();
}

/** [which span, minutes]: from the earliest on, each at least 30 minutes; empty where all of them together do not suffice. */
function partsOf(spans: readonly number[], length: number): [number, number][] {
  const parts: [number, number][] = [];
  let left = length;
  for (let i = 0; i < spans.length && left > 0; i += 1) {
    const room = spans[i]!;
    if (room < LEAST_PART) continue;
    // Leaves no rest that is too short for a part of its own.
    const share = left - room > 0 && left - room < LEAST_PART ? left - LEAST_PART : Math.min(room, left);
    if (share < LEAST_PART) continue;
    parts.push([i, share]);
    left -= share;
  }
  return left === 0 ? parts : [];
}

function cut(free: Span[], at: number, length: number): Span {
  const { start, end } = free[at]!;
  const until = start + length * MINUTE;
  if (until >= end) free.splice(at, 1);
  else free[at] = { start: until, end };
  return { start, end: until };
}

function minutes({ start, end }: Span): number {
  return (end - start) / MINUTE;
}
