import type { WorkItem } from '#connectors';
import { DateTime } from 'luxon';
import type { BriefedMeeting } from '../briefing.ts';

/** When the working day ends unless told. Source: DOMAIN rules, section 4, "Time blocks". */
const END_OF_WORK = { hour: 17, minute: 30 };
/** With less left of today, the next working day is planned. */
const LEAST_LEFT_MINUTES = 30;

/**
 * The day to plan, such as `2026-11-25`: today while there is working time left of it, else the next Monday to Friday.
 * @param now milliseconds since 1970
 */
export function plannedDay(now: number, zone: string): string {
  const local = DateTime.fromMillis(now, { zone });
  let day = local.startOf('day');
  const ends = local.set({ ...END_OF_WORK, second: 0, millisecond: 0 });
  if (ends.diff(local, 'minutes').minutes < LEAST_LEFT_MINUTES) day = day.plus({ days: 1 });
  while (day.weekday > 5) day = day.plus({ days: 1 });
  return day.toISODate()!;
}

/** The events of that day that take the person's time, in order. */
export function meetingsOn(items: readonly WorkItem[], day: string, zone: string): BriefedMeeting[] {
  const start = DateTime.fromISO(day, { zone });
  const [from, until] = [start.toMillis(), start.plus({ days: 1 }).toMillis()];
  return items
    .flatMap(({ event, title }) => {
      if (!event || !event.busy) return [];
      const [begins, ends] = [Date.parse(event.start), Date.parse(event.end)];
      return begins < until && Math.max(ends, begins + 1) > from
        ? [{ start: event.start, end: event.end, title, allDay: event.allDay }]
        : [];
    })
    .sort((a, b) => Date.parse(a.start) - Date.parse(b.start) || Date.parse(a.end) - Date.parse(b.end));
}
