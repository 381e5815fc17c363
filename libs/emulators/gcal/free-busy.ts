import { invalid } from '../google/refusal.ts';
import type { Calendar } from './calendar.ts';
import { timeOf, type CalendarEvent } from './event.ts';
import { everything } from './listing.ts';

/** `freebusy.query`: when people are taken. Source: the Calendar API v3 reference. */
export function freeBusy(
  body: Record<string, unknown>,
  own: Calendar,
  calendarOf: (email: string) => Calendar | undefined,
  now: number,
): Record<string, unknown> {
  const [min, max] = [Date.parse(String(body.timeMin)), Date.parse(String(body.timeMax))];
  if (Number.isNaN(min) || Number.isNaN(max)) throw invalid('Bad Request', Number.isNaN(min) ? 'timeMin' : 'timeMax');
  if (max <= min) throw invalid('The specified time range is empty.', 'timeMax');
  const items = Array.isArray(body.items) ? (body.items as { id?: unknown }[]) : [];
  if (items.length > 50) throw invalid('Too many calendars requested.', 'items');
  const calendars = items.map(({ id }) => {
    const calendar = id === 'primary' ? own : calendarOf(String(id));
    return [String(id), calendar === undefined ? UNKNOWN : { busy: busyTimes(calendar, min, max, now) }];
  });
  return {
    kind: 'calendar#freeBusy',
    timeMin: new Date(min).toISOString(),
    timeMax: new Date(max).toISOString(),
    calendars: Object.fromEntries(calendars) as unknown,
  };
}

const UNKNOWN = { errors: [{ domain: 'global', reason: 'notFound' }], busy: [] };

function busyTimes(calendar: Calendar, min: number, max: number, now: number) {
  const zone = calendar.timeZone;
  const times = everything(calendar, { single: true, min, max }, false, now)
    .filter((event) => isBusy(event, calendar.email))
    .map((event) => ({ from: Math.max(min, timeOf(event.start, zone)), to: Math.min(max, timeOf(event.end, zone)) }))
    .filter(({ from, to }) => to > from)
    .sort((a, b) => a.from - b.from);
  const merged: { from: number; to: number }[] = [];
  for (const time of times) {
    const last = merged.at(-1);
    if (last !== undefined && time.from <= last.to) last.to = Math.max(last.to, time.to);
    else merged.push({ ...time });
  }
  return merged.map(({ from, to }) => ({ start: new Date(from).toISOString(), end: new Date(to).toISOString() }));
}

function isBusy(event: CalendarEvent, email: string): boolean {
  const answer = event.attendees?.find((one) => one.email === email)?.responseStatus;
  return event.status !== 'cancelled' && event.transparency !== 'transparent' && answer !== 'declined';
}
