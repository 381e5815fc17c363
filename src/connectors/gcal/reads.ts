import { z } from 'zod';
import { VendorError, type Operation, type VendorAccess } from '../connector.ts';
import { call, listOf } from '../google/call.ts';
import { calendarOf, clientFor, type GoogleEvent } from './client.ts';
import { attachmentsOf, plainDescription } from './description.ts';
import { guestsOf } from './people.ts';
import { windowAt, USUAL_DAYS } from './sync.ts';
import { timesOf } from './times.ts';

/** A caller gets so many events at most; who needs more asks for a shorter time. */
const MOST_EVENTS = 500;
const instant = z.iso.datetime({ offset: true });

const eventsInput = z.strictObject({
  from: instant.optional(),
  to: instant.optional(),
  q: z.string().min(1).max(500).optional(),
});
const events: Operation<z.infer<typeof eventsInput>> = {
  schema: eventsInput,
  summary: 'Events between two instants (by default from yesterday for two weeks), in order of their start',
  action: 'calendar_list',
  async run(access, { from, to, q }) {
    const usual = windowAt(access.now(), access.account.timeZone, USUAL_DAYS);
    const found: GoogleEvent[] = [];
    let page: string | undefined;
    do {
      const answer = await call(
        'gcal: the calendar',
        clientFor(access).events.list({
          calendarId: calendarOf(access),
          singleEvents: true,
          orderBy: 'startTime',
          timeMin: from ?? usual.from,
          timeMax: to ?? usual.to,
          maxResults: 250,
          ...(q === undefined ? {} : { q }),
          ...(page === undefined ? {} : { pageToken: page }),
        }),
      );
      found.push(...listOf(answer.items));
      page = answer.nextPageToken ?? undefined;
    } while (page !== undefined && found.length < MOST_EVENTS);
    return {
      events: found.slice(0, MOST_EVENTS).map((event) => shown(event, access)),
      complete: page === undefined && found.length <= MOST_EVENTS,
    };
  },
};

const eventInput = z.strictObject({ id: z.string().min(1).max(1_200) });
const event: Operation<z.infer<typeof eventInput>> = {
  schema: eventInput,
  summary: 'One event',
  action: 'calendar_read',
  async run(access, { id }) {
    const answer = clientFor(access).events.get({ calendarId: calendarOf(access), eventId: id });
    return shown(await call('gcal: the event', answer), access);
  },
};

const freebusyInput = z.strictObject({
  emails: z.array(z.email()).min(1).max(50),
  from: instant,
  to: instant,
});
const freebusy: Operation<z.infer<typeof freebusyInput>> = {
  schema: freebusyInput,
  summary: 'When people are taken, between two instants',
  action: 'calendar_read',
  async run(access, { emails, from, to }) {
    if (Date.parse(to) <= Date.parse(from)) throw new VendorError('invalid', 'gcal: the end comes before the start');
    const items = emails.map((id) => ({ id }));
    const answer = await call(
      'gcal: free and busy times',
      clientFor(access).freebusy.query({ requestBody: { timeMin: from, timeMax: to, items } }),
    );
    return {
      people: emails.map((email) => {
        const calendar = answer.calendars?.[email];
        const known = calendar !== undefined && listOf(calendar.errors).length === 0;
        return { email, known, busy: listOf(calendar?.busy).map(({ start, end }) => ({ start, end })) };
      }),
    };
  },
};

export const reads = { events, event, freebusy } as const;

/** An event as a caller sees it: what people know of it, without the vendor's bookkeeping. */
export function shown(event: GoogleEvent, { account }: VendorAccess) {
  const times = timesOf(event, account.timeZone);
  return {
    id: event.id ?? null,
    title: event.summary ?? '',
    status: event.status ?? 'confirmed',
    start: times?.start ?? null,
    end: times?.end ?? null,
    allDay: times?.allDay ?? false,
    location: event.location ?? null,
    description: plainDescription(event),
    organizer: event.organizer?.email ?? null,
    attendees: guestsOf(event).map(({ email, responseStatus }) => ({
      email,
      response: responseStatus ?? 'needsAction',
    })),
    attachments: attachmentsOf(event).map(({ title, fileUrl }) => ({ title: title ?? null, url: fileUrl ?? null })),
    meeting: event.hangoutLink ?? event.conferenceData?.entryPoints?.[0]?.uri ?? null,
    series: event.recurringEventId ?? null,
    url: event.htmlLink ?? null,
  };
}
