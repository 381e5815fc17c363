import { DateTime } from 'luxon';
import type { EventTime } from '../work-item.ts';
import type { GoogleEvent } from './client.ts';

/** How long an event without an end takes. */
const USUAL_LENGTH_MS = 3_600_000;
const WITH_OFFSET = /T.*(?:Z|[+-]\d\d:\d\d)$/;

/**
 * The time that an event takes, or null where it says none that can be read. An all-day event runs from midnight to midnight
 * in the person's time zone, wherever the calendar is; a clock time without an offset is read in the zone that comes with it.
 */
export function timesOf(event: GoogleEvent, zone: string): Omit<EventTime, 'busy'> | null {
  const start = instantOf(event.start, zone);
  if (start === null) return null;
  const allDay = typeof event.start?.date === 'string';
  const given = instantOf(event.end, zone);
  const missing = given === null || (allDay && given <= start);
  const usual = allDay ? DateTime.fromMillis(start, { zone }).plus({ days: 1 }).toMillis() : start + USUAL_LENGTH_MS;
  return { start: iso(start), end: iso(missing ? usual : Math.max(start, given)), allDay };
}

/** Milliseconds since 1970. */
function instantOf(date: GoogleEvent['start'], zone: string): number | null {
  if (typeof date?.date === 'string') return valid(DateTime.fromISO(date.date, { zone }).startOf('day').toMillis());
  if (typeof date?.dateTime !== 'string') return null;
  // Nearly all come with an offset, and need no time zone data.
  if (WITH_OFFSET.test(date.dateTime)) return valid(Date.parse(date.dateTime));
  const own = typeof date.timeZone === 'string' ? date.timeZone : zone;
  return (
    valid(DateTime.fromISO(date.dateTime, { zone: own }).toMillis()) ??
    valid(DateTime.fromISO(date.dateTime, { zone }).toMillis())
  );
}

function valid(instant: number): number | null {
  return Number.isFinite(instant) ? instant : null;
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
