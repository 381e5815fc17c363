import type { EventTime, WorkItem } from '#connectors';
import { DateTime } from 'luxon';
import { freeTime, type Span, type WorkingDay } from './free-time.ts';

export interface TimeBlock {
  /** ISO 8601 instants with the person's offset. */
  readonly start: string;
  readonly end: string;
  readonly taskId: string;
  /** `Review: Retry deliveries with backoff`, with `(1/2)` where it is in two parts, `(45 of 60 min)` where there is no room for all. */
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
 * another day and gives way to the next. Only where somebody was promised an answer in time (SLA) it begins with what room there is. What prepares a meeting of that day comes before all other work and lies as late as it
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
    const parts = before <= endOfDay ? takeBefore(free, length, before) : take(free, length, isPromised(task));
    const total = parts.reduce((sum, part) => sum + minutes(part), 0);
    const share = total < length ? ` (${total} of ${length} min)` : '';
    parts.forEach((part, i) => {
      const ending = (parts.length > 1 ? ` (${i + 1}/${parts.length})` : '') + share;
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

function isPromised({ items }: PlannableTask): boolean {
  return items.some(({ done, sla }) => done === null && sla !== null);
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

/** Takes time off the free spans; where there is not enough, what there is if `inPart`, else nothing. */
function take(free: Span[], length: number, inPart: boolean): Span[] {
  const whole = free.findIndex((span) => minutes(span) >= length);
  if (whole >= 0) return [cut(free, whole, length)];
  if (length < 2 * LEAST_PART) return [];
  const shares = partsOf(free.map(minutes), length, inPart);
  // From the back, so that what is used up does not move those before it.
  return shares
    .reverse()
    .map(([at, share]) => cut(free, at, share))
    .reverse();
}

/**
 * [which span, minutes], in order of time, each part at least 30 minutes: as few parts as hold all of it, the earliest spans if
 * they do, else the largest. Where no parts do: as much as there is room for if `inPart`, else none.
 */
function partsOf(spans: readonly number[], length: number, inPart: boolean): [number, number][] {
  const rooms = spans.map((room, at) => ({ at, room })).filter(({ room }) => room >= LEAST_PART);
  const most = Math.floor(length / LEAST_PART);
  const sum = (some: typeof rooms) => some.reduce((total, { room }) => total + room, 0);
  const largest = (n: number) =>
    [...rooms]
      .sort((a, b) => b.room - a.room || a.at - b.at)
      .slice(0, n)
      .sort((a, b) => a.at - b.at);
  let chosen: typeof rooms = [];
  for (let n = 1; n <= Math.min(most, rooms.length) && sum(chosen) < length; n += 1) {
    chosen = rooms.slice(0, n);
    if (sum(chosen) < length) chosen = largest(n);
  }
  if (sum(chosen) < length && !inPart) return [];
  let extra = Math.min(length, sum(chosen)) - LEAST_PART * chosen.length;
  return chosen.map(({ at, room }) => {
    const more = Math.min(room - LEAST_PART, extra);
    extra -= more;
    return [at, LEAST_PART + more];
  });
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
