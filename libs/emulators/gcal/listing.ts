/** `events.list` and `events.instances`: windows, pages, sync tokens. Source: the Calendar API v3 reference. */
import { GoogleRefusal, invalid, seal, sizeIn, unseal } from '../google/refusal.ts';
import type { Calendar, Entry } from './calendar.ts';
import { instance, instancesOf, rendered, timeOf, type CalendarEvent } from './event.ts';

/** What a sync token remembers of the request that it began with. */
interface Scope {
  readonly single: boolean;
  readonly min: number;
  readonly max: number;
}

const DAY = 86_400_000;
/** How far a series without an end is expanded where the request sets none. */
const HORIZON_DAYS = 365;
const NOT_WITH_SYNC_TOKEN = [
  'iCalUID',
  'orderBy',
  'privateExtendedProperty',
  'q',
  'sharedExtendedProperty',
  'timeMin',
  'timeMax',
  'updatedMin',
];
/** Answers to these are no ground for a later incremental sync. */
const WITHOUT_SYNC_TOKEN = ['orderBy', 'q', 'updatedMin', 'iCalUID', 'privateExtendedProperty'];

export function listEvents(calendar: Calendar, query: URLSearchParams, now: number): Record<string, unknown> {
  const size = sizeIn(query, 'maxResults', 250, 2500);
  const token = query.get('syncToken');
  const sync = token === null ? null : readSyncToken(calendar, token, query);
  const scope = sync?.scope ?? scopeOf(query);
  const single = scope.single;
  if (query.get('orderBy') === 'startTime' && !single) {
    throw invalid('The requested ordering is not available for the particular query.', 'orderBy');
  }
  const page = readPageToken(query);
  const deleted = sync !== null || query.get('showDeleted') === 'true';
  const found =
    sync === null ? everything(calendar, scope, deleted, now) : changedSince(calendar, scope, sync.since, now);
  const matching = filtered(found, query);
  if (query.get('orderBy') === 'startTime') matching.sort((a, b) => startOf(a, calendar) - startOf(b, calendar));
  if (query.get('orderBy') === 'updated') matching.sort((a, b) => a.updated.localeCompare(b.updated));
  // The next sync begins where this one did, not where its last page was fetched.
  const since = page?.since ?? calendar.changes;
  const end = (page?.offset ?? 0) + size;
  const more = end < matching.length;
  const syncable = WITHOUT_SYNC_TOKEN.every((name) => !query.has(name));
  return {
    kind: 'calendar#events',
    etag: `"p${calendar.changes}"`,
    summary: calendar.email,
    description: '',
    updated: new Date(now).toISOString(),
    timeZone: calendar.timeZone,
    accessRole: 'owner',
    defaultReminders: [],
    items: matching.slice(page?.offset ?? 0, end).map((event) => rendered(event, calendar.email)),
    ...(more ? { nextPageToken: seal({ offset: end, since }) } : {}),
    ...(!more && syncable
      ? { nextSyncToken: seal({ since, generation: calendar.generation, scope: wire(scope) }) }
      : {}),
  };
}

export function listInstances(calendar: Calendar, id: string, query: URLSearchParams, now: number) {
  const entry = calendar.entries.get(calendar.findLive(id).id);
  if (entry === undefined) throw invalid('Not a recurring event');
  const { min, max } = scopeOf(query);
  const all = [
    ...current(calendar, entry, { single: true, min, max }, now),
    ...calendar
      .exceptionsOf(id)
      .filter((event) => event.status !== 'cancelled' || query.get('showDeleted') === 'true')
      .filter((event) => overlaps(event, calendar, min, max)),
  ].sort((a, b) => startOf(a, calendar) - startOf(b, calendar));
  const size = sizeIn(query, 'maxResults', 250, 2500);
  const offset = readPageToken(query)?.offset ?? 0;
  return {
    kind: 'calendar#events',
    timeZone: calendar.timeZone,
    items: all.slice(offset, offset + size).map((event) => rendered(event, calendar.email)),
    ...(offset + size < all.length ? { nextPageToken: seal({ offset: offset + size, since: 0 }) } : {}),
  };
}

/** Everything in a window, as it is now. */
export function everything(calendar: Calendar, scope: Scope, deleted: boolean, now: number): CalendarEvent[] {
  const found: CalendarEvent[] = [];
  for (const entry of calendar.entries.values()) {
    const { event } = entry;
    if (event.recurrence !== undefined && scope.single) {
      if (event.status !== 'cancelled') for (const one of current(calendar, entry, scope, now)) found.push(one);
      continue;
    }
    const shown = event.status !== 'cancelled' || deleted || (event.recurringEventId !== undefined && !scope.single);
    if (shown && (event.recurrence !== undefined || overlaps(event, calendar, scope.min, scope.max))) found.push(event);
  }
  return found;
}

/** What has changed; events that have left the window are among it, with their new times. */
function changedSince(calendar: Calendar, scope: Scope, since: number, now: number): CalendarEvent[] {
  const found: CalendarEvent[] = [];
  for (const entry of calendar.entries.values()) {
    if (entry.changed <= since) continue;
    const { event } = entry;
    if (event.recurrence === undefined || !scope.single) {
      found.push(event);
      continue;
    }
    const live = event.status === 'cancelled' ? [] : current(calendar, entry, scope, now);
    const ids = new Set(live.map((one) => one.id));
    for (const one of live) found.push(one);
    for (const { event: former, until } of entry.former) {
      if (until <= since || former.status === 'cancelled') continue;
      for (const one of expanded(calendar, former, scope, now)) {
        if (ids.has(one.id)) continue;
        ids.add(one.id);
        found.push({ ...one, status: 'cancelled' });
      }
    }
  }
  return found;
}

function current(calendar: Calendar, { event }: Entry, scope: Scope, now: number): CalendarEvent[] {
  return expanded(calendar, event, scope, now).filter((one) => !calendar.isException(event.id, one.id));
}

function expanded(calendar: Calendar, event: CalendarEvent, { min, max }: Scope, now: number): CalendarEvent[] {
  const zone = calendar.timeZone;
  const length = Math.max(0, timeOf(event.end, zone) - timeOf(event.start, zone)) || 0;
  const until = Math.min(max, Math.max(now, timeOf(event.start, zone)) + HORIZON_DAYS * DAY);
  // All-day instances are counted in UTC days, which the calendar's zone may shift by most of a day.
  return instancesOf(event, zone, min - length - DAY, until + DAY)
    .map((one) => instance(event, one, zone))
    .filter((one) => overlaps(one, calendar, min, max));
}

function overlaps(event: CalendarEvent, calendar: Calendar, min: number, max: number): boolean {
  const start = startOf(event, calendar);
  if (Number.isNaN(start)) return true;
  const end = timeOf(event.end, calendar.timeZone);
  return start < max && (Number.isNaN(end) ? start : end) > min;
}

function startOf(event: CalendarEvent, calendar: Calendar): number {
  return timeOf(event.start ?? event.originalStartTime, calendar.timeZone);
}

function filtered(events: CalendarEvent[], query: URLSearchParams): CalendarEvent[] {
  const words = query.get('q')?.toLowerCase().split(/\s+/).filter(Boolean);
  const uid = query.get('iCalUID');
  const updatedMin = instantIn(query, 'updatedMin', -Infinity);
  if (words === undefined && uid === null && updatedMin === -Infinity) return events;
  return events.filter((event) => {
    if (uid !== null && event.iCalUID !== uid) return false;
    if (Date.parse(event.updated) < updatedMin) return false;
    const people = (event.attendees ?? []).flatMap(({ email, displayName }) => [email, displayName]);
    const text = [event.summary, event.description, event.location, ...people].join(' ').toLowerCase();
    return words?.every((word) => text.includes(word)) ?? true;
  });
}

function scopeOf(query: URLSearchParams): Scope {
  const scope = {
    single: query.get('singleEvents') === 'true',
    min: instantIn(query, 'timeMin', -Infinity),
    max: instantIn(query, 'timeMax', Infinity),
  };
  if (scope.max <= scope.min)
    throw new GoogleRefusal(400, 'timeRangeEmpty', 'The specified time range is empty.', 'timeMax');
  return scope;
}

function instantIn(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  // An offset is mandatory.
  const instant = /(?:Z|[+-]\d\d:\d\d)$/i.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(instant)) throw new GoogleRefusal(400, 'badRequest', 'Bad Request', name);
  return instant;
}

function readPageToken(query: URLSearchParams): { offset: number; since: number } | null {
  const token = query.get('pageToken');
  if (token === null) return null;
  const content = unseal(token);
  if (typeof content?.offset !== 'number') throw invalid('Invalid page token value.', 'pageToken');
  return { offset: content.offset, since: Number(content.since) };
}

function readSyncToken(calendar: Calendar, token: string, query: URLSearchParams): { since: number; scope: Scope } {
  const forbidden = NOT_WITH_SYNC_TOKEN.find((name) => query.has(name));
  if (forbidden !== undefined || query.get('showDeleted') === 'false') {
    throw invalid('Sync token cannot be used with this parameter.', forbidden ?? 'showDeleted');
  }
  const content = unseal(token);
  if (typeof content?.since !== 'number') throw invalid('Invalid sync token value.', 'syncToken');
  const scope = content.scope as { single: boolean; min: number | null; max: number | null };
  if (content.generation !== calendar.generation) {
    throw new GoogleRefusal(
      410,
      'fullSyncRequired',
      'Sync token is no longer valid, a full sync is required.',
      'syncToken',
    );
  }
  if ((query.get('singleEvents') === 'true') !== scope.single) {
    throw invalid('Sync token was issued for other parameters.', 'singleEvents');
  }
  return { since: content.since, scope: { ...scope, min: scope.min ?? -Infinity, max: scope.max ?? Infinity } };
}

/** JSON knows no infinity: null there. */
function wire({ single, min, max }: Scope) {
  return { single, min: Number.isFinite(min) ? min : null, max: Number.isFinite(max) ? max : null };
}
