import type { EventTime } from '#connectors';
import { DateTime } from 'luxon';

/** Milliseconds since 1970, end not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface WorkingDay {
  /** Milliseconds since 1970: nothing is planned before. */
  readonly now: number;
  /** `2026-11-25`. */
  readonly day: string;
  /** IANA zone of the person. */
  readonly zone: string;
  /** `HH:MM` in that zone; 09:00–17:30 unless told. */
  readonly workingHours?: { readonly start: string; readonly end: string };
  /** Minutes kept free before and after each meeting; 15 unless told. */
  readonly buffer?: number;
}

const MINUTE = 60_000;
const STEP = 5 * MINUTE;
/** What an event takes that does not say when it ends. */
const WITHOUT_END = 30 * MINUTE;

/**
 * The free time of a working day, in order: working hours less busy events with their buffers, from `now` on, on full five minutes.
 * Events may come in any order, overlap and reach beyond the day; one without a readable start takes nothing, one without an
 * end half an hour, a busy all-day event its whole days. Cost n log n.
 */
export function freeTime(events: readonly EventTime[], working: WorkingDay): Span[] {
  const { now, zone, day, workingHours = { start: '09:00', end: '17:30' }, buffer = 15 } = working;
  const [opens, closes] = [at(day, workingHours.start, zone), at(day, workingHours.end, zone)];
  const free: Span[] = [];
  let from = Math.ceil(Math.max(opens, now) / STEP) * STEP;
  for (const { start, end } of busyTime(events, buffer * MINUTE)) {
    if (start >= closes) break;
    const until = Math.floor(start / STEP) * STEP;
    if (until > from) free.push({ start: from, end: until });
    from = Math.max(from, Math.ceil(end / STEP) * STEP);
  }
  if (closes > from) free.push({ start: from, end: closes });
  return free;
}

function busyTime(events: readonly EventTime[], buffer: number): Span[] {
  return events
    .filter((event) => event.busy)
    .map((event) => {
      const start = Date.parse(event.start);
      const end = Date.parse(event.end);
      const around = event.allDay ? 0 : buffer;
      return { start: start - around, end: (end > start ? end : start + WITHOUT_END) + around };
    })
    .filter(({ start }) => !Number.isNaN(start))
    .sort((a, b) => a.start - b.start || a.end - b.end);
}

/** An hour that a spring night leaves out is read as the one after it. */
function at(day: string, time: string, zone: string): number {
  return DateTime.fromISO(`${day}T${time}`, { zone }).toMillis();
}
