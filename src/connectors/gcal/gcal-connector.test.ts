import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startGcalEmulator, type GcalEmulator } from '#libs/emulators/gcal';
import { VendorError, type VendorAccess } from '../connector.ts';
import { accessTo, collect, withToken } from '../google/testing.ts';
import { gcalConnector } from './gcal-connector.ts';

const ANA = 'ana@acme.test';
let now: number;
let emulator: GcalEmulator;
let access: VendorAccess;

beforeEach(async () => {
  now = Date.parse('2026-11-25T08:00:00Z');
  emulator = await startGcalEmulator({ now: () => now });
  emulator.addToken('t-ana', ANA);
  emulator.addCalendar(ANA, 'Europe/Berlin');
  access = accessTo(emulator.url, { now: () => now });
});
afterEach(() => emulator.close());

const sync = (cursor: string | null = null) => collect(gcalConnector.sync(access, cursor));
const hour = (start: string) => ({
  start: { dateTime: start },
  end: { dateTime: new Date(Date.parse(start) + 3_600_000).toISOString() },
});
const add = (id: string, start: string, more = {}) => emulator.addEvent(ANA, { id, ...hour(start), ...more });
const ids = ({ items }: { items: readonly { id: string }[] }) => items.map(({ id }) => id).sort();
const run = (kind: 'reads' | 'writes', name: string, input: unknown) => {
  const operation = gcalConnector[kind][name];
  if (operation === undefined) throw new Error(`no ${name}`);
  // As a caller's JSON comes in.
  return operation.run(access, operation.schema.parse(input)) as Promise<Record<string, unknown>>;
};

describe('syncing a calendar', () => {
  it('brings the window from yesterday to the end of the fourteenth day, and nothing else', async () => {
    add('old', '2026-11-23T10:00:00Z');
    add('yesterday', '2026-11-24T10:00:00Z');
    add('today', '2026-11-25T10:00:00Z');
    add('lastday', '2026-12-09T22:30:00Z');
    add('beyond', '2026-12-09T23:30:00Z');
    const { items, full } = await sync();
    expect(ids({ items })).toEqual(['lastday', 'today', 'yesterday']);
    expect(full).toBe(true);
    expect(items.find(({ id }) => id === 'yesterday')?.done).toMatchObject({ how: 'passed' });
  });

  it('looks as far ahead as it is configured', async () => {
    add('near', '2026-11-26T10:00:00Z');
    add('far', '2026-12-05T10:00:00Z');
    access = { ...access, config: gcalConnector.config.parse({ days: 3 }) };
    expect(ids(await sync())).toEqual(['near']);
  });

  it('brings only what has changed, the next time', async () => {
    add('same', '2026-11-26T10:00:00Z');
    add('moved', '2026-11-26T10:00:00Z');
    add('away', '2026-11-26T10:00:00Z');
    add('dropped', '2026-11-26T10:00:00Z');
    const first = await sync();
    emulator.updateEvent(ANA, 'moved', hour('2026-11-27T10:00:00Z'));
    emulator.updateEvent(ANA, 'away', hour('2027-03-01T10:00:00Z'));
    emulator.cancelEvent(ANA, 'dropped');
    const second = await sync(first.cursor);
    expect(second).toMatchObject({ full: false, items: [{ id: 'moved' }] });
    expect(second.gone.sort()).toEqual(['away', 'dropped']);
    expect(await sync(second.cursor)).toMatchObject({ full: false, items: [], gone: [] });
  });

  it('reads everything anew when a new day brings other events into the window', async () => {
    add('beyond', '2026-12-10T10:00:00Z');
    const first = await sync();
    expect(first.items).toEqual([]);
    now += 24 * 3_600_000;
    expect(await sync(first.cursor)).toMatchObject({ full: true, items: [{ id: 'beyond' }] });
  });

  it('reads everything anew when an event has ended, so that it is known to have passed', async () => {
    add('soon', '2026-11-25T09:00:00Z');
    const first = await sync();
    now = Date.parse('2026-11-25T09:30:00Z');
    const during = await sync(first.cursor);
    expect(during.full).toBe(false);
    now = Date.parse('2026-11-25T10:00:00Z');
    const after = await sync(during.cursor);
    expect(after).toMatchObject({ full: true, items: [{ id: 'soon', done: { how: 'passed' } }] });
    expect((await sync(after.cursor)).full).toBe(false);
  });

  it('begins again where the sync token has expired, or the cursor is none of its own', async () => {
    add('one', '2026-11-26T10:00:00Z');
    const { cursor } = await sync();
    emulator.expireSyncTokens(ANA);
    expect(await sync(cursor)).toMatchObject({ full: true, items: [{ id: 'one' }] });
    const forged = JSON.stringify({ ...(JSON.parse(cursor) as object), token: 'forged' });
    for (const odd of ['', '{', '[]', '{"window":"x"}', forged]) {
      expect(await sync(odd)).toMatchObject({ full: true, items: [{ id: 'one' }] });
    }
  });

  it('goes on at the page where it was broken off', async () => {
    for (let n = 0; n < 600; n += 1) add(`event${n}`, '2026-11-26T10:00:00Z');
    const { pages } = await sync();
    expect(pages.map(({ items, last }) => [items.length, last])).toEqual([
      [250, false],
      [250, false],
      [100, true],
    ]);
    const rest = await sync(pages[0]?.cursor ?? null);
    expect(rest.full).toBe(true);
    expect(rest.pages.map(({ items }) => items.length)).toEqual([250, 100]);
    expect([pages, rest.pages].map((of) => of.map(({ first }) => first))).toEqual([
      [true, false, false],
      [false, false],
    ]);
    now += 24 * 3_600_000; // the window has moved on
    expect((await sync(pages[0]?.cursor ?? null)).pages[0]?.first).toBe(true);
  });

  it('sees a series as its instances, exceptions and clock changes included', async () => {
    now = Date.parse('2026-10-22T08:00:00Z');
    emulator.addEvent('bob@acme.test', {
      id: 'standup',
      summary: 'Stand-up',
      attendees: [{ email: ANA }],
      start: { dateTime: '2026-10-01T09:00:00', timeZone: 'Europe/Berlin' },
      end: { dateTime: '2026-10-01T09:15:00', timeZone: 'Europe/Berlin' },
      recurrence: ['RRULE:FREQ=WEEKLY;BYDAY=FR,MO'],
    });
    emulator.updateEvent('bob@acme.test', 'standup_20261026T080000Z', hour('2026-10-26T13:00:00Z'));
    emulator.cancelEvent('bob@acme.test', 'standup_20261030T080000Z');
    const first = await sync();
    expect(first.items.map(({ event }) => event?.start).sort()).toEqual([
      '2026-10-23T07:00:00.000Z',
      '2026-10-26T13:00:00.000Z',
      '2026-11-02T08:00:00.000Z',
    ]);
    emulator.cancelEvent('bob@acme.test', 'standup_20261102T080000Z');
    expect((await sync(first.cursor)).gone).toEqual(['standup_20261102T080000Z']);
    emulator.cancelEvent('bob@acme.test', 'standup');
    expect((await sync(first.cursor)).gone).toEqual(expect.arrayContaining(ids(first)));
  });

  it('sees all-day events that only their day in the person’s zone brings into the window', async () => {
    emulator.addEvent(ANA, { id: 'trip', start: { date: '2026-12-09' }, end: { date: '2026-12-12' } });
    expect((await sync()).items).toMatchObject([
      { id: 'trip', event: { allDay: true, start: '2026-12-08T23:00:00.000Z' } },
    ]);
  });

  it('steps over events without an end, a start or anything at all', async () => {
    emulator.addEvent(ANA, { id: 'endless', start: { dateTime: '2026-11-26T10:00:00Z' }, endTimeUnspecified: true });
    emulator.addEvent(ANA, { id: 'nowhere' });
    emulator.addEvent(ANA, { id: 'odd', start: { dateTime: 'soon' }, end: { date: 'later' }, summary: '\u0000🎉' });
    expect((await sync()).items).toMatchObject([{ id: 'endless', event: { end: '2026-11-26T11:00:00.000Z' } }]);
  });

  it.each([
    [{ kind: 'garbage' } as const, 'garbled'],
    [{ kind: 'truncate' } as const, 'garbled'],
    [{ kind: 'reset' } as const, 'unavailable'],
    [{ kind: 'status', status: 503 } as const, 'unavailable'],
    [{ kind: 'status', status: 200, body: { items: 'none' } } as const, null],
    [
      { kind: 'status', status: 403, body: { error: { errors: [{ reason: 'rateLimitExceeded' }] } } } as const,
      'rate_limited',
    ],
    [{ kind: 'status', status: 403, body: '<html>' } as const, 'forbidden'],
    [{ kind: 'status', status: 404 } as const, 'not_found'],
  ])('says what went wrong: %j is %s', async (fault, failure) => {
    add('one', '2026-11-26T10:00:00Z');
    let requests = 0;
    emulator.faults = () => ((requests += 1), fault);
    const outcome = await sync().catch((error: unknown) => error);
    if (failure === null) expect(outcome).toMatchObject({ items: [] });
    else expect(outcome).toMatchObject({ name: 'VendorError', failure });
    // Trying again is the pipeline's work.
    expect(requests).toBe(1);
  });

  it('passes on unchanged what the pipeline throws, and refuses an unknown token as such', async () => {
    const thrown = new VendorError('overloaded', 'gcal: the queue is full', now + 1_000);
    access = { ...access, fetch: () => Promise.reject(thrown) };
    await expect(sync()).rejects.toBe(thrown);
    access = { ...access, fetch: withToken('stolen') };
    await expect(sync()).rejects.toMatchObject({ failure: 'unauthorised' });
  });

  it('keeps nothing of a body in an error', async () => {
    emulator.faults = () => ({ kind: 'status', status: 400, body: { error: { message: 'secret plan' } } });
    const error = await run('writes', 'calendar_create_event', {
      title: 'secret plan',
      start: '2026-11-26',
      end: '2026-11-27',
    }).catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret');
  });
});

describe('reading a calendar', () => {
  it('lists events in order, all pages of them, and finds words', async () => {
    for (let n = 300; n > 0; n -= 1) add(`e${n}`, new Date(now + n * 60_000).toISOString());
    add('dentist', '2026-11-26T10:00:00Z', { summary: 'Zahnärztin' });
    const all = (await run('reads', 'events', {})) as { events: { id: string }[]; complete: boolean };
    expect(all.events.slice(0, 2).map(({ id }) => id)).toEqual(['e1', 'e2']);
    expect([all.events.length, all.complete]).toEqual([301, true]);
    expect(await run('reads', 'events', { q: 'zahnärztin' })).toMatchObject({ events: [{ id: 'dentist' }] });
    const window = { from: '2026-11-26T00:00:00Z', to: '2026-11-27T00:00:00+01:00' };
    expect(await run('reads', 'events', window)).toMatchObject({ events: [{ id: 'dentist' }] });
  });

  it('shows one event, and says so where there is none', async () => {
    add('one', '2026-11-26T10:00:00Z', {
      description: '<b>Bring</b> cake',
      hangoutLink: 'https://meet.google.com/abc',
    });
    expect(await run('reads', 'event', { id: 'one' })).toMatchObject({
      description: expect.stringContaining('Bring') as unknown,
      meeting: 'https://meet.google.com/abc',
    });
    await expect(run('reads', 'event', { id: 'none' })).rejects.toMatchObject({ failure: 'not_found' });
  });

  it('tells when others are taken, and whose calendar it cannot see', async () => {
    emulator.addEvent('bob@acme.test', hour('2026-11-26T10:00:00Z'));
    const emails = ['bob@acme.test', 'eve@other.test'];
    const input = { emails, from: '2026-11-26T00:00:00Z', to: '2026-11-27T00:00:00Z' };
    expect(await run('reads', 'freebusy', input)).toEqual({
      people: [
        {
          email: 'bob@acme.test',
          known: true,
          busy: [{ start: '2026-11-26T10:00:00.000Z', end: '2026-11-26T11:00:00.000Z' }],
        },
        { email: 'eve@other.test', known: false, busy: [] },
      ],
    });
    await expect(run('reads', 'freebusy', { ...input, to: input.from })).rejects.toMatchObject({ failure: 'invalid' });
  });
});

describe('writing to a calendar', () => {
  const plan = { title: 'Plan', start: '2026-11-26T10:00:00+01:00', end: '2026-11-26T11:00:00+01:00' };

  it('creates an event once, however often it is asked for with the same id', async () => {
    const first = await run('writes', 'calendar_create_event', {
      ...plan,
      id: 'Task #7',
      attendees: ['bob@acme.test'],
    });
    const second = await run('writes', 'calendar_create_event', { ...plan, id: 'Task #7' });
    expect(first).toMatchObject({ title: 'Plan', created: true, start: '2026-11-26T09:00:00.000Z' });
    expect(second).toMatchObject({ id: first.id, created: false });
    expect(emulator.written).toHaveLength(1);
  });

  it('creates it once even where the answer to the first attempt was lost', async () => {
    emulator.faults = () => ({ kind: 'truncate' });
    await expect(run('writes', 'calendar_create_event', { ...plan, id: 'again' })).rejects.toBeInstanceOf(VendorError);
    emulator.faults = () => undefined;
    expect(await run('writes', 'calendar_create_event', { ...plan, id: 'again' })).toMatchObject({ created: false });
    expect(emulator.written).toHaveLength(1);
  });

  it('tells the pipeline which writes may be repeated: not the creation of an event without an id', async () => {
    const marked: boolean[] = [];
    const send = access.fetch;
    access = {
      ...access,
      fetch: (input, init) => {
        if ((init?.method ?? 'GET') !== 'GET') marked.push(new Headers(init?.headers).has('x-openclaw-repeatable'));
        return send(input, init);
      },
    };
    const { id } = await run('writes', 'calendar_create_event', plan);
    await run('writes', 'calendar_create_event', { ...plan, id: 'Task #7' });
    await run('writes', 'calendar_update_event', { eventId: id, title: 'New' });
    await run('writes', 'calendar_delete_event', { eventId: id });
    expect(marked).toEqual([false, true, true, true]);
  });

  it('changes what is given, and keeps the answers of those who stay invited', async () => {
    const attendees = [{ email: 'bob@acme.test', responseStatus: 'accepted' }];
    add('one', '2026-11-26T10:00:00Z', { summary: 'Old', attendees });
    const invited = ['bob@acme.test', 'cid@acme.test'];
    const changed = await run('writes', 'calendar_update_event', { eventId: 'one', title: 'New', attendees: invited });
    expect(changed).toMatchObject({
      title: 'New',
      start: '2026-11-26T10:00:00.000Z',
      attendees: [
        { email: 'bob@acme.test', response: 'accepted' },
        { email: 'cid@acme.test', response: 'needsAction' },
      ],
    });
    const days = { eventId: 'one', start: '2026-11-27', end: '2026-11-28' };
    expect(await run('writes', 'calendar_update_event', days)).toMatchObject({ allDay: true, title: 'New' });
  });

  it('cancels an event, and takes it as done where it is gone already', async () => {
    add('one', '2026-11-26T10:00:00Z');
    expect(await run('writes', 'calendar_delete_event', { eventId: 'one' })).toEqual({ id: 'one', deleted: true });
    expect(await run('writes', 'calendar_delete_event', { eventId: 'one' })).toEqual({ id: 'one', deleted: false });
    await expect(run('writes', 'calendar_delete_event', { eventId: 'none' })).rejects.toMatchObject({
      failure: 'not_found',
    });
  });

  it('refuses what makes no event before anything is sent', async () => {
    await expect(run('writes', 'calendar_create_event', { ...plan, end: '2026-11-27' })).rejects.toMatchObject({
      failure: 'invalid',
    });
    await expect(run('writes', 'calendar_update_event', { eventId: 'one' })).rejects.toMatchObject({
      failure: 'invalid',
    });
    expect(() => gcalConnector.writes.calendar_create_event?.schema.parse({ ...plan, start: 'tomorrow' })).toThrow();
    expect(emulator.answered.size).toBe(0);
  });
});
