import { createHash } from 'node:crypto';
import { z } from 'zod';
import { VendorError, type Operation, type VendorAccess } from '../connector.ts';
import { call, callForText, GoogleRefused, REPEATABLE } from '../google/call.ts';
import { calendarOf, clientFor, type GoogleEvent } from './client.ts';
import { shown } from './reads.ts';

/** An instant, or a day for an event that takes it whole. */
const moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);
const fields = {
  title: z.string().min(1).max(1_000),
  start: moment,
  /** The day after the last, where days are meant. */
  end: moment,
  attendees: z.array(z.email()).max(200).optional(),
  description: z.string().max(8_000).optional(),
  location: z.string().max(1_000).optional(),
};

const createInput = z.strictObject({
  ...fields,
  /** The caller's own name for this event: asked for twice, it is created once. */
  id: z.string().min(1).max(500).optional(),
});
const calendar_create_event: Operation<z.infer<typeof createInput>> = {
  schema: createInput,
  summary:
    'Creates an event and invites people; with an `id` of the caller’s, however often it is asked for, one event',
  action: 'calendar_create_event',
  async run(access, { id, ...input }) {
    const client = clientFor(access);
    const calendarId = calendarOf(access);
    // Hexadecimal digits are among those that Google takes.
    const eventId = id === undefined ? (access.operationId ?? undefined) : eventIdFor(id);
    try {
      const request = { calendarId, sendUpdates: 'all', requestBody: { ...bodyOf(input, access), id: eventId } };
      return {
        ...shown(
          await call('gcal: the event', client.events.insert(request, eventId === undefined ? {} : REPEATABLE)),
          access,
        ),
        created: true,
      };
    } catch (error) {
      if (!(error instanceof GoogleRefused) || error.status !== 409 || eventId === undefined) throw error;
      const existing = await call('gcal: the event', client.events.get({ calendarId, eventId }));
      return { ...shown(existing, access), created: false };
    }
  },
};

/** Among the properties of an event that its people do not see: which write has changed it last. */
const MARK = 'openclaw.operation';

const updateInput = z.strictObject({ eventId: z.string().min(1).max(1_200), ...z.object(fields).partial().shape });
const calendar_update_event: Operation<z.infer<typeof updateInput>> = {
  schema: updateInput,
  summary: 'Changes an event: what is given; `attendees` are the new list, the answers of those who stay are kept',
  action: 'calendar_update_event',
  async run(access, { eventId, ...input }) {
    const client = clientFor(access);
    const calendarId = calendarOf(access);
    const changes = bodyOf(input, access);
    const { operationId } = access;
    if (Object.keys(changes).length === 0) throw new VendorError('invalid', 'gcal: nothing was given to change');
    if (changes.attendees !== undefined || operationId !== null) {
      const before = await call('gcal: the event', client.events.get({ calendarId, eventId }));
      // Those invited would hear of the same change again.
      if (operationId !== null && before.extendedProperties?.private?.[MARK] === operationId)
        return shown(before, access);
      changes.attendees = changes.attendees?.map(
        (guest) => before.attendees?.find((one) => one.email?.toLowerCase() === guest.email?.toLowerCase()) ?? guest,
      );
    }
    const mark = operationId === null ? {} : { extendedProperties: { private: { [MARK]: operationId } } };
    const request = { calendarId, eventId, sendUpdates: 'all', requestBody: { ...changes, ...mark } };
    return shown(await call('gcal: the event', client.events.patch(request, REPEATABLE)), access);
  },
};

const deleteInput = z.strictObject({ eventId: z.string().min(1).max(1_200) });
const calendar_delete_event: Operation<z.infer<typeof deleteInput>> = {
  schema: deleteInput,
  summary: 'Cancels an event, for everyone invited where the person organises it; one that is gone already is no error',
  action: 'calendar_delete_event',
  async run(access, { eventId }) {
    try {
      const request = { calendarId: calendarOf(access), eventId, sendUpdates: 'all' };
      await callForText('gcal: the event', clientFor(access).events.delete(request, REPEATABLE));
      return { id: eventId, deleted: true };
    } catch (error) {
      if (error instanceof GoogleRefused && error.status === 410) return { id: eventId, deleted: false };
      throw error;
    }
  },
};

export const writes = { calendar_create_event, calendar_update_event, calendar_delete_event } as const;

/** Google takes ids of 5 to 1,024 characters out of a–v and 0–9; of any other name its digest is one. */
function eventIdFor(id: string): string {
  return /^[a-v0-9]{5,1024}$/.test(id) ? id : createHash('sha256').update(id).digest('hex');
}

type Fields = Partial<Omit<z.infer<typeof createInput>, 'id'>>;

function bodyOf({ title, start, end, attendees, description, location }: Fields, access: VendorAccess): GoogleEvent {
  if (start !== undefined && end !== undefined && isDay(start) !== isDay(end)) {
    throw new VendorError('invalid', 'gcal: start and end are both instants or both days');
  }
  // The null takes away what the event may have had in the other form.
  const dated = (text: string) =>
    isDay(text)
      ? { date: text, dateTime: null, timeZone: null }
      : { date: null, dateTime: text, timeZone: access.account.timeZone };
  return {
    ...(title === undefined ? {} : { summary: title }),
    ...(start === undefined ? {} : { start: dated(start) }),
    ...(end === undefined ? {} : { end: dated(end) }),
    ...(attendees === undefined ? {} : { attendees: attendees.map((email) => ({ email })) }),
    ...(description === undefined ? {} : { description }),
    ...(location === undefined ? {} : { location }),
  };
}

function isDay(text: string): boolean {
  return text.length === 10;
}
