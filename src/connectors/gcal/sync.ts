import { DateTime } from 'luxon';
import { z } from 'zod';
import type { SyncPage, VendorAccess } from '../connector.ts';
import { call, GoogleRefused, listOf } from '../google/call.ts';
import type { WorkItem } from '../work-item.ts';
import { calendarOf, clientFor, type GoogleEvent } from './client.ts';
import { toWorkItem } from './items.ts';

const PAGE = 250;
/** How far ahead a calendar is read unless configured. */
export const USUAL_DAYS = 14;

/**
 * Where a sync goes on. A sync token brings what changes, but neither what only time has brought into the window nor what has
 * passed in silence: when the window has moved on or `next` has come, everything is read anew.
 */
const cursorSchema = z.object({
  /** From when to when, as two instants. */
  window: z.string(),
  token: z.string().optional(),
  page: z.string().optional(),
  /** Milliseconds since 1970: when the next event ends. */
  next: z.number().nullable(),
});
type Cursor = z.infer<typeof cursorSchema>;

interface Window {
  readonly from: string;
  readonly to: string;
}

/** From yesterday's midnight to the end of the last of so many days, in the person's time zone. */
export function windowAt(now: number, zone: string, days: number): Window {
  const today = DateTime.fromMillis(now, { zone }).startOf('day');
  return {
    from: today.minus({ days: 1 }).toUTC().toISO() ?? '',
    to:
      today
        .plus({ days: days + 1 })
        .toUTC()
        .toISO() ?? '',
  };
}

export async function* sync(access: VendorAccess, text: string | null): AsyncGenerator<SyncPage> {
  const now = access.now();
  const days = typeof access.config.days === 'number' ? access.config.days : USUAL_DAYS;
  const window = windowAt(now, access.account.timeZone, days);
  const known = parse(text);
  const fresh: Cursor = { window: `${window.from}/${window.to}`, next: null };
  const usable = known !== null && known.window === fresh.window && (known.next === null || now < known.next);
  try {
    yield* pages(access, window, usable ? known : fresh, now);
  } catch (error) {
    if (!usable || !hasExpired(error)) throw error;
    yield* pages(access, window, fresh, now);
  }
}

async function* pages(access: VendorAccess, window: Window, start: Cursor, now: number): AsyncGenerator<SyncPage> {
  const client = clientFor(access);
  let cursor = start;
  for (;;) {
    const { token, page } = cursor;
    // Ordering would forbid a sync token in the answer; with a sync token, so would the window.
    const scope = token === undefined ? { timeMin: window.from, timeMax: window.to } : { syncToken: token };
    const answer = await call(
      'gcal: the calendar',
      client.events.list({
        calendarId: calendarOf(access),
        singleEvents: true,
        maxResults: PAGE,
        ...(page === undefined ? {} : { pageToken: page }),
        ...scope,
      }),
    );
    const { items, gone } = sorted(listOf(answer.items), window, access, now);
    const next = earliestEnd(items, now, cursor.next);
    const more = answer.nextPageToken ?? undefined;
    const last = more === undefined;
    cursor = {
      window: cursor.window,
      next,
      ...(last ? { token: answer.nextSyncToken ?? undefined } : { token, page: more }),
    };
    const full = token === undefined;
    yield { items, gone, full, first: full && page === undefined, cursor: JSON.stringify(cursor), last };
    if (last) return;
  }
}

/** What is in the window, and what is not or no longer. */
function sorted(events: readonly GoogleEvent[], window: Window, { account }: VendorAccess, now: number) {
  const items: WorkItem[] = [];
  const gone: string[] = [];
  for (const event of events) {
    const item = event.status === 'cancelled' ? null : toWorkItem(event, account, now);
    const time = item?.event;
    if (
      item &&
      time &&
      Date.parse(time.end) >= Date.parse(window.from) &&
      Date.parse(time.start) < Date.parse(window.to)
    ) {
      items.push(item);
    } else if (typeof event.id === 'string') {
      gone.push(event.id.slice(0, 300));
    }
  }
  return { items, gone };
}

function earliestEnd(items: readonly WorkItem[], now: number, known: number | null): number | null {
  let earliest = known;
  for (const { event } of items) {
    const end = Date.parse(event?.end ?? '');
    if (end > now && (earliest === null || end < earliest)) earliest = end;
  }
  return earliest;
}

/** A sync token grows old (410), and one that this Google does not know is refused (400). */
function hasExpired(error: unknown): boolean {
  return error instanceof GoogleRefused && (error.status === 410 || error.status === 400);
}

function parse(text: string | null): Cursor | null {
  try {
    const cursor = text === null ? null : cursorSchema.parse(JSON.parse(text));
    // Neither at a page nor behind a token: nothing to go on from.
    return cursor !== null && cursor.token === undefined && cursor.page === undefined ? null : cursor;
  } catch {
    return null;
  }
}
