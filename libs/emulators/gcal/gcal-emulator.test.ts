import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startGcalEmulator, type GcalEmulator } from './index.ts';

const NOW = Date.parse('2026-11-25T08:00:00Z');
let emulator: GcalEmulator;

beforeEach(async () => {
  emulator = await startGcalEmulator({ now: () => NOW });
  emulator.addToken('ana', 'ana@acme.test');
  emulator.addToken('bob', 'bob@acme.test');
  emulator.addCalendar('ana@acme.test', 'Europe/Berlin');
  emulator.addCalendar('bob@acme.test', 'America/New_York');
});
afterEach(() => emulator.close());

interface Answer {
  readonly status: number;
  // The wire is what is tested: its shapes are looked at, not trusted.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

async function ask(path: string, init: RequestInit & { token?: string; json?: unknown } = {}): Promise<Answer> {
  const { token = 'ana', json, ...rest } = init;
  const headers = { authorization: `Bearer ${token}`, ...(rest.headers as Record<string, string>) };
  const body = json === undefined ? undefined : JSON.stringify(json);
  const answer = await fetch(`${emulator.url}/calendar/v3${path}`, { ...rest, headers, body });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
}
const EVENTS = '/calendars/primary/events';
const ids = (answer: Answer) => (answer.body.items as { id: string }[]).map(({ id }) => id);
const at = (hour: string, length = 1) => ({
  start: { dateTime: `2026-11-${hour}:00:00Z` },
  end: { dateTime: new Date(Date.parse(`2026-11-${hour}:00:00Z`) + length * 3_600_000).toISOString() },
});

describe('the calendar emulator', () => {
  it('refuses a token it does not know, in Google’s words', async () => {
    const answer = await ask(EVENTS, { token: 'stolen' });
    expect(answer).toMatchObject({ status: 401, body: { error: { code: 401, errors: [{ reason: 'authError' }] } } });
  });

  it('shows everyone their own calendar only', async () => {
    emulator.addEvent('ana@acme.test', { id: 'private1', ...at('26T10') });
    expect(ids(await ask(EVENTS))).toEqual(['private1']);
    expect(ids(await ask(EVENTS, { token: 'bob' }))).toEqual([]);
    expect((await ask('/calendars/bob@acme.test/events')).status).toBe(404);
    expect((await ask('/users/me/calendarList')).body.items).toMatchObject([{ id: 'ana@acme.test', primary: true }]);
    expect((await ask('/calendars/primary')).body).toMatchObject({ timeZone: 'Europe/Berlin' });
  });

  it('has what is between timeMin and timeMax, touching neither', async () => {
    emulator.addEvent('ana@acme.test', { id: 'before', ...at('26T09') });
    emulator.addEvent('ana@acme.test', { id: 'inside', ...at('26T10') });
    emulator.addEvent('ana@acme.test', { id: 'after', ...at('26T11') });
    const answer = await ask(`${EVENTS}?timeMin=2026-11-26T10:00:00Z&timeMax=2026-11-26T11:00:00Z`);
    expect(ids(answer)).toEqual(['inside']);
  });

  it('pages, and gives the sync token with the last page alone', async () => {
    for (let i = 0; i < 5; i += 1) emulator.addEvent('ana@acme.test', { id: `event${i}`, ...at('26T10') });
    const first = await ask(`${EVENTS}?maxResults=2`);
    expect(first.body.nextSyncToken).toBeUndefined();
    emulator.addEvent('ana@acme.test', { id: 'event5', ...at('26T12') });
    const second = await ask(`${EVENTS}?maxResults=2&pageToken=${first.body.nextPageToken}`);
    const third = await ask(`${EVENTS}?maxResults=2&pageToken=${second.body.nextPageToken}`);
    expect([...ids(first), ...ids(second), ...ids(third)]).toHaveLength(6);
    // What came while paging is not lost to the next sync.
    expect(ids(await ask(`${EVENTS}?syncToken=${third.body.nextSyncToken}`))).toEqual(['event5']);
    expect((await ask(`${EVENTS}?pageToken=nonsense`)).status).toBe(400);
  });

  it('answers a sync token with what changed since, the deleted included', async () => {
    emulator.addEvent('ana@acme.test', { id: 'stays', ...at('26T10') });
    emulator.addEvent('ana@acme.test', { id: 'moves', ...at('26T10') });
    emulator.addEvent('ana@acme.test', { id: 'leaves', ...at('26T10') });
    const { body } = await ask(EVENTS);
    emulator.updateEvent('ana@acme.test', 'moves', at('27T10'));
    emulator.cancelEvent('ana@acme.test', 'leaves');
    const changes = await ask(`${EVENTS}?syncToken=${body.nextSyncToken}`);
    expect(changes.body.items).toMatchObject([
      { id: 'moves', start: { dateTime: '2026-11-27T10:00:00Z' } },
      { id: 'leaves', status: 'cancelled' },
    ]);
    expect(ids(await ask(`${EVENTS}?syncToken=${changes.body.nextSyncToken}`))).toEqual([]);
  });

  it('refuses what may not come with a sync token, and one that has expired', async () => {
    const { body } = await ask(EVENTS);
    const answer = await ask(`${EVENTS}?syncToken=${body.nextSyncToken}&timeMin=2026-11-26T10:00:00Z`);
    expect(answer).toMatchObject({ status: 400, body: { error: { errors: [{ location: 'timeMin' }] } } });
    emulator.expireSyncTokens('ana@acme.test');
    expect(await ask(`${EVENTS}?syncToken=${body.nextSyncToken}`)).toMatchObject({
      status: 410,
      body: { error: { code: 410, errors: [{ reason: 'fullSyncRequired' }] } },
    });
  });

  it('gives no sync token where the answer is ordered, and orders by start only single events', async () => {
    expect((await ask(`${EVENTS}?orderBy=startTime`)).status).toBe(400);
    const answer = await ask(`${EVENTS}?orderBy=startTime&singleEvents=true`);
    expect(answer.body.nextSyncToken).toBeUndefined();
  });

  it('expands a series with its moved and cancelled instances', async () => {
    emulator.addEvent('ana@acme.test', {
      id: 'weekly',
      start: { dateTime: '2026-11-23T09:00:00', timeZone: 'Europe/Berlin' },
      end: { dateTime: '2026-11-23T10:00:00', timeZone: 'Europe/Berlin' },
      recurrence: ['RRULE:FREQ=DAILY;COUNT=5', 'EXDATE;TZID=Europe/Berlin:20261124T090000'],
    });
    emulator.updateEvent('ana@acme.test', 'weekly_20261125T080000Z', { summary: 'moved', ...at('25T15') });
    emulator.cancelEvent('ana@acme.test', 'weekly_20261126T080000Z');
    const answer = await ask(`${EVENTS}?singleEvents=true&orderBy=startTime`);
    expect(answer.body.items).toMatchObject([
      { id: 'weekly_20261123T080000Z', recurringEventId: 'weekly' },
      { id: 'weekly_20261125T080000Z', summary: 'moved', originalStartTime: { dateTime: '2026-11-25T08:00:00Z' } },
      { id: 'weekly_20261127T080000Z' },
    ]);
    expect(ids(await ask(`${EVENTS}/weekly/instances`))).toHaveLength(3);
    expect(ids(await ask(`${EVENTS}/weekly/instances?showDeleted=true`))).toHaveLength(4);
    expect((await ask(`${EVENTS}/weekly_20261124T080000Z`)).status).toBe(404);
  });

  it('reports the instances of a shortened or cancelled series as cancelled', async () => {
    emulator.addEvent('ana@acme.test', { id: 'daily', ...at('25T10'), recurrence: ['RRULE:FREQ=DAILY;COUNT=3'] });
    const { body } = await ask(`${EVENTS}?singleEvents=true`);
    emulator.updateEvent('ana@acme.test', 'daily', { recurrence: ['RRULE:FREQ=DAILY;COUNT=2'] });
    const shorter = await ask(`${EVENTS}?singleEvents=true&syncToken=${body.nextSyncToken}`);
    expect(shorter.body.items.map(({ id, status }: Record<string, string>) => `${id} ${status}`)).toEqual([
      'daily_20261125T100000Z confirmed',
      'daily_20261126T100000Z confirmed',
      'daily_20261127T100000Z cancelled',
    ]);
    emulator.cancelEvent('ana@acme.test', 'daily');
    const none = await ask(`${EVENTS}?singleEvents=true&syncToken=${shorter.body.nextSyncToken}`);
    expect(none.body.items.map(({ status }: { status: string }) => status)).toEqual(['cancelled', 'cancelled']);
  });

  it('brings an event to everyone invited, whose answer the organiser sees', async () => {
    const attendees = [{ email: 'ana@acme.test' }, { email: 'bob@acme.test', responseStatus: 'needsAction' }];
    const made = await ask(EVENTS, { method: 'POST', json: { summary: 'Plan', ...at('26T10'), attendees } });
    const path = `${EVENTS}/${made.body.id}`;
    const seen = await ask(path, { token: 'bob' });
    expect(seen.body.attendees[1]).toMatchObject({ email: 'bob@acme.test', self: true });
    const answered = [attendees[0], { email: 'bob@acme.test', responseStatus: 'declined' }];
    await ask(path, { method: 'PATCH', token: 'bob', json: { attendees: answered } });
    expect((await ask(path)).body.attendees[1]).toMatchObject({ responseStatus: 'declined' });
    expect((await ask(path, { method: 'PATCH', token: 'bob', json: { summary: 'Mine' } })).status).toBe(403);
    expect((await ask(path, { method: 'DELETE' })).status).toBe(204);
    expect((await ask(path, { token: 'bob' })).body.status).toBe('cancelled');
    expect((await ask(path, { method: 'DELETE' })).status).toBe(410);
    expect(emulator.written.map(({ operation }) => operation)).toEqual([
      'events.insert',
      'events.patch',
      'events.delete',
    ]);
  });

  it('refuses a second event of the same id, an id out of the alphabet, times that are none, and an old etag', async () => {
    const json = { id: 'abc12', ...at('26T10') };
    expect((await ask(EVENTS, { method: 'POST', json })).status).toBe(200);
    expect(await ask(EVENTS, { method: 'POST', json })).toMatchObject({
      status: 409,
      body: { error: { errors: [{ reason: 'duplicate' }] } },
    });
    expect((await ask(EVENTS, { method: 'POST', json: { ...json, id: 'XYZ!' } })).status).toBe(400);
    expect((await ask(EVENTS, { method: 'POST', json: { start: json.start } })).status).toBe(400);
    expect((await ask(EVENTS, { method: 'POST', json: { start: json.end, end: json.start } })).status).toBe(400);
    expect((await ask(EVENTS, { method: 'POST', headers: { 'if-none': '' } })).status).toBe(400);
    const stale = { method: 'PATCH', headers: { 'if-match': '"old"' }, json: { summary: 'x' } };
    expect((await ask(`${EVENTS}/abc12`, stale)).status).toBe(412);
  });

  it('tells when people are taken: not by what is declined or free, and overlaps as one', async () => {
    emulator.addEvent('bob@acme.test', at('26T10', 2));
    emulator.addEvent('bob@acme.test', at('26T11', 2));
    emulator.addEvent('bob@acme.test', { ...at('26T15'), transparency: 'transparent' });
    const declined = [{ email: 'bob@acme.test', responseStatus: 'declined' }];
    emulator.addEvent('ana@acme.test', { ...at('26T17'), attendees: declined });
    const items = [{ id: 'bob@acme.test' }, { id: 'nobody@acme.test' }];
    const json = { timeMin: '2026-11-26T00:00:00Z', timeMax: '2026-11-27T00:00:00Z', items };
    const { body } = await ask('/freeBusy', { method: 'POST', json });
    expect(body.calendars).toEqual({
      'bob@acme.test': { busy: [{ start: '2026-11-26T10:00:00.000Z', end: '2026-11-26T13:00:00.000Z' }] },
      'nobody@acme.test': { errors: [{ domain: 'global', reason: 'notFound' }], busy: [] },
    });
  });

  it('posts to those who watch, until the channel is stopped', async () => {
    const heard: Record<string, unknown>[] = [];
    const listener = createServer((request, response) => {
      heard.push(request.headers);
      response.end();
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/hook`;
    const json = { id: 'channel-1', type: 'web_hook', address, token: 'secret' };
    const { body } = await ask(`${EVENTS}/watch`, { method: 'POST', json });
    expect(await emulator.notify('ana@acme.test')).toEqual([200]);
    expect(heard).toMatchObject([
      {
        'x-goog-channel-id': 'channel-1',
        'x-goog-channel-token': 'secret',
        'x-goog-resource-state': 'exists',
        'x-goog-resource-id': body.resourceId,
      },
    ]);
    const stop = { method: 'POST', json: { id: 'channel-1', resourceId: body.resourceId } };
    expect((await ask('/channels/stop', stop)).status).toBe(204);
    expect(await emulator.notify('ana@acme.test')).toEqual([]);
    listener.close();
  });
});
