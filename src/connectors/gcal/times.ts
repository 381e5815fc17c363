import { DateTime } from 'luxon';
import type { EventTime } from '../work-item.ts';
import type { GoogleEvent } from './client.ts';

/** How long an event without an end takes. */
const USUAL_LENGTH = { hours: 1 };

/**
 * The time that an event takes, or null where it says none that can be read. An all-day event runs from midnight to midnight
 * in the person's time zone, wherever the calendar is; a clock time without an offset is read in the zone that comes with it.
 */
export function timesOf(event: GoogleEvent, zone: string): Omit<EventTime, 'busy'> | null {
  const allDay = typeof event.start?.date === 'string';
  const start = momentOf(event.start, zone);
  if (start === null) return null;
  const given = momentOf(event.end, zone);
  const usual = start.plus(allDay ? { days: 1 } : USUAL_LENGTH);
  const end = given === null || (allDay && given <= start) ? usual : given < start ? start : given;
  return { start: start.toUTC().toISO() ?? '', end: end.toUTC().toISO() ?? '', allDay };
}

function momentOf(date: GoogleEvent['start'], zone: string): DateTime | null {
  const own = typeof date?.timeZone === 'string' ? date.timeZone : zone;
  const moment =
    typeof date?.date === 'string'
      ? DateTime.fromISO(date.date, { zone }).startOf('day')
      : typeof date?.dateTime === 'string'
        ? DateTime.fromISO(date.dateTime, { zone: DateTime.local({ zone: own }).isValid ? own : zone })
        : null;
  return moment?.isValid ? moment : null;
}
