import { createHash } from 'node:crypto';
import { invalid } from '../google/refusal.ts';
import { instantOf, occurrencesOf, type Occurrence } from './recurrence.ts';

export interface EventDate {
  readonly date?: string;
  /** RFC 3339, or local to `timeZone`. */
  readonly dateTime?: string;
  readonly timeZone?: string;
}

export interface Attendee {
  readonly email: string;
  readonly displayName?: string;
  readonly responseStatus?: string;
  readonly resource?: boolean;
  readonly optional?: boolean;
  readonly organizer?: boolean;
}

/** An event as it is kept: the same for everyone who has it in their calendar. Source: "Events" of the Calendar API v3. */
export interface CalendarEvent {
  readonly id: string;
  readonly status: 'confirmed' | 'tentative' | 'cancelled';
  readonly organizer: { readonly email: string; readonly displayName?: string };
  readonly creator: { readonly email: string };
  readonly iCalUID: string;
  readonly created: string;
  readonly updated: string;
  readonly sequence: number;
  readonly version: number;
  readonly start?: EventDate;
  readonly end?: EventDate;
  readonly attendees?: readonly Attendee[];
  readonly recurrence?: readonly string[];
  readonly recurringEventId?: string;
  readonly originalStartTime?: EventDate;
  readonly transparency?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly location?: string;
  /** Whatever else the vendor has: attachments, conferenceData, visibility … */
  readonly [more: string]: unknown;
}

/** What a caller may give of an event; the rest is the calendar's. */
export type EventDraft = Readonly<Record<string, unknown>> & Partial<Pick<CalendarEvent, 'id' | 'start' | 'end'>>;

const OURS = new Set(['kind', 'etag', 'created', 'updated', 'creator', 'version', 'htmlLink', 'recurringEventId']);
const DATES = new Set(['start', 'end', 'originalStartTime']);

/** What a caller sent, without the fields that only the calendar sets. */
export function fieldsOf(draft: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = Object.entries(draft).filter(([name]) => !OURS.has(name));
  return Object.fromEntries(given.map(([name, value]) => [name, DATES.has(name) ? withoutNulls(value) : value]));
}

/** In a date, null takes a field away: how a day becomes an hour. */
function withoutNulls(date: unknown): unknown {
  if (typeof date !== 'object' || date === null) return date;
  return Object.fromEntries(Object.entries(date).filter(([, value]) => value !== null));
}

/** Milliseconds since 1970; NaN where there is no time. */
export function timeOf(date: EventDate | undefined, zone: string): number {
  if (date?.date !== undefined) return instantOf(date.date, zone);
  return date?.dateTime === undefined ? NaN : instantOf(date.dateTime, date.timeZone ?? zone);
}

/** Refuses what Google refuses. */
export function checkTimes(event: { readonly start?: EventDate; readonly end?: EventDate }, zone: string): void {
  const [start, end] = [timeOf(event.start, zone), timeOf(event.end, zone)];
  if (Number.isNaN(start)) throw invalid(event.start === undefined ? 'Missing start time.' : 'Invalid start time.');
  if (Number.isNaN(end)) throw invalid(event.end === undefined ? 'Missing end time.' : 'Invalid end time.');
  if (end < start) throw invalid('The specified time range is empty.', 'timeRangeEmpty');
}

/** The instances of a recurring event that begin in [from, to), exceptions not applied. */
export function instancesOf(event: CalendarEvent, zone: string, from: number, to: number): Occurrence[] {
  const { start, recurrence } = event;
  if (start === undefined || recurrence === undefined) return [];
  const own = start.timeZone ?? zone;
  const allDay = start.date !== undefined;
  const local = allDay ? start.date : localIn(start.dateTime ?? '', own);
  return occurrencesOf({ start: local, zone: own, allDay, recurrence }, from, to);
}

/** One instance as an event of its own. */
export function instance(event: CalendarEvent, { at, stamp }: Occurrence, zone: string): CalendarEvent {
  const { recurrence: _, ...rest } = event;
  const allDay = event.start?.date !== undefined;
  const own = event.start?.timeZone;
  const length = allDay
    ? Date.parse(event.end?.date ?? '') - Date.parse(event.start.date)
    : timeOf(event.end, zone) - timeOf(event.start, zone);
  const dateAt = (instant: number): EventDate =>
    allDay
      ? { date: new Date(instant).toISOString().slice(0, 10) }
      : { dateTime: new Date(instant).toISOString().replace('.000', ''), ...(own ? { timeZone: own } : {}) };
  return {
    ...rest,
    id: `${event.id}_${stamp}`,
    recurringEventId: event.id,
    originalStartTime: dateAt(at),
    start: dateAt(at),
    ...(event.end === undefined || Number.isNaN(length) ? {} : { end: dateAt(at + length) }),
  };
}

/** An event as one person's calendar shows it. */
export function rendered(event: CalendarEvent, viewer: string): Record<string, unknown> {
  const { version, ...rest } = event;
  const etag = `"${version}${createHash('sha1').update(event.id).digest('hex').slice(0, 8)}"`;
  if (event.status === 'cancelled') {
    const { id, status, recurringEventId, originalStartTime } = event;
    return { kind: 'calendar#event', etag, id, status, recurringEventId, originalStartTime };
  }
  const self = (person: { readonly email: string }) => (person.email === viewer ? { ...person, self: true } : person);
  const eid = Buffer.from(`${event.id} ${viewer}`).toString('base64url');
  return {
    kind: 'calendar#event',
    etag,
    eventType: 'default',
    htmlLink: `https://www.google.com/calendar/event?eid=${eid}`,
    reminders: { useDefault: true },
    ...rest,
    organizer: self(event.organizer),
    creator: self(event.creator),
    ...(event.attendees === undefined ? {} : { attendees: event.attendees.map(self) }),
  };
}

/** `2026-11-25T09:00:00` as the clock in `zone` shows it. */
function localIn(dateTime: string, zone: string): string {
  if (!/(?:Z|[+-]\d\d:?\d\d)$/.test(dateTime)) return dateTime.padEnd(19, ':00');
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
    hourCycle: 'h23',
  });
  return parts.format(new Date(dateTime)).replace(' ', 'T');
}
