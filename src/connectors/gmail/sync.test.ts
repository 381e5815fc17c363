import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { gmailError } from '#libs/emulators/gmail';
import { type SyncPage, VendorError } from '../connector.ts';
import { DAY, failureOf, GmailWorld, NOON, withToken } from './testing.ts';

let world: GmailWorld;
beforeEach(async () => {
  world = await GmailWorld.start();
});
afterEach(() => world.gmail.close());

const read = { labels: ['INBOX'] };

describe('a full sync of Gmail', () => {
  it('makes one work item of a thread with unread mail', async () => {
    const { threadId, messageId } = world.mail({
      subject: 'Re: PLAT-12 gateway is slow',
      text: 'Please look at https://github.com/acme/gateway/pull/42 by Friday.\n\nOn Mon, Ana wrote:\n> by Thursday OLD-99',
    });
    const { items, gone, full } = await world.sync();
    expect(full).toBe(true);
    expect(gone).toEqual([]);
    expect([...items.keys()]).toEqual([threadId]);
    const item = items.get(threadId)!;
    expect(item).toMatchObject({
      system: 'gmail',
      kind: 'mail',
      title: 'PLAT-12 gateway is slow',
      url: `https://mail.google.com/mail/u/0/#all/${threadId}`,
      reasons: ['unread'],
      asker: 'bob@acme.test',
      followUps: 0,
      deadline: '2026-11-27',
      done: null,
      event: null,
      classification: 'internal',
    });
    expect(item.names).toContain(`mail:${messageId}`);
    expect(item.references).toContainEqual({ to: 'key:PLAT-12', explicit: true });
    expect(item.references.map(({ to }) => to)).toContain('url:https://github.com/acme/gateway/pull/42');
    expect(item.references.map(({ to }) => to)).not.toContain('key:OLD-99');
  });

  it('keeps nothing of the body but its words', async () => {
    world.mail({ text: 'The secret is that zebras cannot fly at night over Berlin.' });
    const { items } = await world.sync();
    expect(JSON.stringify([...items.values()])).not.toContain('zebras cannot fly');
  });

  it('counts how often people came back to it since the last answer', async () => {
    const first = world.mail({ date: NOON - 5 * DAY, text: 'Numbers?' });
    const answer = { inReplyTo: first.messageId, ...read };
    world.mail({ ...answer, from: 'alice@acme.test', to: 'bob@acme.test', date: NOON - 4 * DAY, text: 'Soon.' });
    world.mail({ ...answer, date: NOON - 3 * DAY, text: 'And now?' });
    world.mail({ ...answer, date: NOON - 2 * DAY, text: 'Hello?' });
    world.mail({ ...answer, from: 'Carol <carol@acme.test>', date: NOON - DAY, text: 'We wait.' });
    const item = (await world.sync()).items.get(first.threadId)!;
    expect(item).toMatchObject({ reasons: ['follow_up'], followUps: 2, asker: 'carol@acme.test' });
  });

  it('takes a thread that the person has answered for done', async () => {
    const asked = world.mail({ text: 'Can you send the numbers?', date: NOON - 2 * DAY });
    world.mail({
      from: 'alice@acme.test',
      to: 'bob@acme.test',
      inReplyTo: asked.messageId,
      text: 'Here they are.',
      date: NOON - DAY,
    });
    const item = (await world.sync()).items.get(asked.threadId)!;
    expect(item.reasons).toEqual([]);
    expect(item.done).toEqual({ at: new Date(NOON - DAY).toISOString(), how: 'answered' });
  });

  it('only knows what was read and asks for nothing, and holds on to what is starred or was asked', async () => {
    const plain = world.mail({ ...read, subject: 'Plain' });
    const asked = world.mail({ ...read, subject: 'Asked', text: 'Could you check this?' });
    const starred = world.mail({ labels: ['INBOX', 'STARRED'], subject: 'Starred' });
    const { items } = await world.sync();
    expect(items.get(plain.threadId)).toMatchObject({ reasons: [], done: null });
    expect(items.get(asked.threadId)!.reasons).toEqual(['follow_up']);
    expect(items.get(starred.threadId)!.reasons).toEqual(['flagged']);
  });

  it('brings up a question of the person which nobody has answered, and only when it is time', async () => {
    const { threadId } = world.mail({
      from: 'alice@acme.test',
      to: 'bob@acme.test',
      text: 'When is the review?',
      date: NOON - DAY,
    });
    const first = await world.sync();
    expect(first.items.get(threadId)).toMatchObject({ reasons: [], done: null });
    world.now = NOON + 2 * DAY;
    const later = await world.sync(first.cursor);
    expect(later.full).toBe(false);
    expect(later.items.get(threadId)!.reasons).toEqual(['follow_up']);
    world.mail({ from: 'bob@acme.test', inReplyTo: 'test-1@acme.test', text: 'Monday.', ...read });
    const answered = await world.sync(later.cursor);
    expect(answered.items.get(threadId)!.reasons).toEqual([]);
  });

  it('sees no work in newsletters, machines, lists and invitations', async () => {
    const none = [
      world.mail({ headers: { 'List-Unsubscribe': '<mailto:off@shop.test>', 'List-Id': '<news.shop.test>' } }),
      world.mail({ from: 'Jira <no-reply@jira.acme.test>' }),
      world.mail({ from: 'notifications@github.com' }),
      world.mail({ headers: { 'Auto-Submitted': 'auto-replied' }, text: 'I am away. Can you wait?' }),
      world.mail({ headers: { Precedence: 'bulk' } }),
      world.mail({
        headers: { 'List-Id': '<dev.acme.test>', 'List-Post': '<mailto:dev@acme.test>' },
        to: 'dev@acme.test',
        bcc: 'alice@acme.test',
      }),
    ];
    const invitation = world.mail({
      subject: 'Invitation: Planning',
      calendar: {
        method: 'REQUEST',
        content: 'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:plan-\r\n 7@google.com\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n',
      },
    });
    const { items } = await world.sync();
    for (const { threadId } of [...none, invitation]) expect(items.get(threadId)!.reasons).toEqual([]);
    expect(items.get(invitation.threadId)!.references).toContainEqual({
      to: 'event:plan-7@google.com',
      explicit: true,
    });
  });

  it('takes what is said on a list to the person by name', async () => {
    const { threadId } = world.mail({
      to: 'dev@acme.test',
      cc: 'Alice <alice@acme.test>',
      headers: { 'List-Id': '<dev.acme.test>', 'List-Post': '<mailto:dev@acme.test>', 'List-Unsubscribe': '<x:y>' },
    });
    expect((await world.sync()).items.get(threadId)!.reasons).toEqual(['unread']);
  });

  it('leaves promotions and old mail where they are', async () => {
    world.mail({ labels: ['INBOX', 'UNREAD', 'CATEGORY_PROMOTIONS'] });
    world.mail({ date: NOON - 40 * DAY });
    expect((await world.sync()).items.size).toBe(0);
    expect((await world.sync(null, world.access('alice', { days: 60 }))).items.size).toBe(1);
  });

  it('comes in pages of 50 threads and goes on from any of them', async () => {
    for (let i = 0; i < 120; i += 1) world.mail({ subject: `Mail ${i}`, date: NOON - 200_000 + i });
    const pages = await world.pages();
    expect(pages.map(({ items, last, full }) => [items.length, last, full])).toEqual([
      [50, false, true],
      [50, false, true],
      [20, true, true],
    ]);
    const resumed = await world.pages(pages[0]!.cursor);
    expect(resumed.flatMap(({ items }) => items.map(({ title }) => title))).toEqual(
      pages.slice(1).flatMap(({ items }) => items.map(({ title }) => title)),
    );
    expect([pages, resumed].map((of) => of.map(({ first }) => first))).toEqual([
      [true, false, false],
      [false, false],
    ]);
  });

  it('says that it begins anew where the page from which to go on is no longer known', async () => {
    for (let i = 0; i < 60; i += 1) world.mail({ subject: `Mail ${i}`, date: NOON - 200_000 + i });
    const [{ cursor }] = (await world.pages()) as [SyncPage];
    const lost = JSON.parse(cursor) as { full: object };
    const pages = await world.pages(JSON.stringify({ ...lost, full: { ...lost.full, page: 'forged' } }));
    expect(pages.map(({ items, first }) => [items.length, first])).toEqual([
      [50, true],
      [10, false],
    ]);
  });

  it('asks no more than five things at a time, and reads no more than five bodies of a thread', async () => {
    for (let i = 0; i < 30; i += 1) world.mail();
    const long = world.mail({ text: 'Start' });
    for (let i = 0; i < 30; i += 1) world.mail({ inReplyTo: long.messageId });
    let now = 0;
    let most = 0;
    let bodies = 0;
    const fetch = withToken('token-alice');
    await world.sync(
      null,
      world.access('alice', {}, async (input, init) => {
        if (String(input).includes('format=raw')) bodies += 1;
        most = Math.max(most, ++now);
        try {
          return await fetch(input, init);
        } finally {
          now -= 1;
        }
      }),
    );
    expect(most).toBeLessThanOrEqual(5);
    expect(bodies).toBe(35);
  });
});

describe('an incremental sync of Gmail', () => {
  it('looks only at threads in which something has happened', async () => {
    world.mail({ subject: 'Old' });
    const { cursor } = await world.sync();
    expect(await world.sync(cursor)).toMatchObject({ full: false, gone: [], items: new Map() });
    const { threadId } = world.mail({ subject: 'New' });
    const next = await world.sync(cursor);
    expect([...next.items.keys()]).toEqual([threadId]);
    expect((await world.sync(next.cursor)).items.size).toBe(0);
  });

  it('tells what was deleted or thrown away, and what was read or archived', async () => {
    const [trashed, deleted, seen, archived] = [world.mail(), world.mail(), world.mail(), world.mail()];
    const { cursor } = await world.sync();
    const mailbox = world.gmail.mailbox('alice@acme.test');
    mailbox.trash(mailbox.messages.get(trashed.id)!);
    mailbox.delete(mailbox.messages.get(deleted.id)!);
    mailbox.modify(mailbox.messages.get(seen.id)!, [], ['UNREAD']);
    mailbox.modify(mailbox.messages.get(archived.id)!, [], ['UNREAD', 'INBOX']);
    const { items, gone } = await world.sync(cursor);
    expect(gone.sort()).toEqual([trashed.threadId, deleted.threadId].sort());
    expect(items.get(seen.threadId)).toMatchObject({ reasons: [], done: null });
    expect(items.get(archived.threadId)).toMatchObject({ reasons: [], done: { how: 'resolved' } });
  });

  it('reads history page by page, each thread once, and goes on from any page', async () => {
    const thread = world.mail();
    const { cursor } = await world.sync();
    for (let i = 0; i < 260; i += 1) {
      if (i % 2 === 0) world.mail({ inReplyTo: thread.messageId });
      else world.mail({ subject: `Mail ${i}` });
    }
    const pages = await world.pages(cursor);
    expect(pages.every(({ items }) => items.length <= 50)).toBe(true);
    const ids = pages.flatMap(({ items }) => items.map(({ id }) => id));
    expect(ids.length).toBe(131);
    expect(new Set(ids).size).toBe(131);
    const told = pages.flatMap(({ mail }) => (mail ?? []).map(({ id }) => id));
    expect([told.length, new Set(told).size]).toEqual([260, 260]);
    const resumed = await world.pages(pages[1]!.cursor);
    const rest = resumed.flatMap(({ items }) => items.map(({ id }) => id));
    expect(rest).toEqual(expect.arrayContaining(pages.slice(2).flatMap(({ items }) => items.map(({ id }) => id))));
    expect(pages.at(-1)!.last).toBe(true);
  });

  it('starts anew where Gmail no longer knows the place, or the cursor is none', async () => {
    const { threadId } = world.mail();
    const { cursor } = await world.sync();
    world.gmail.mailbox('alice@acme.test').forgetHistory();
    const anew = await world.sync(cursor);
    expect(anew.full).toBe(true);
    expect([...anew.items.keys()]).toEqual([threadId]);
    expect((await world.sync('{"v":7}')).full).toBe(true);
    expect((await world.sync('nonsense')).full).toBe(true);
  });

  it('keeps its cursor small, however many answers the person waits for', async () => {
    for (let i = 0; i < 300; i += 1) {
      world.mail({ from: 'alice@acme.test', to: 'bob@acme.test', text: `Question ${i}?`, date: NOON - 3_600_000 + i });
    }
    const { cursor } = await world.sync();
    expect(cursor.length).toBeLessThan(16_384);
  });
});

describe('when Gmail fails', () => {
  const STATUSES = [
    [401, 'authError', 'unauthorised'],
    [403, 'userRateLimitExceeded', 'rate_limited'],
    [403, 'insufficientPermissions', 'forbidden'],
    [429, 'rateLimitExceeded', 'rate_limited'],
    [400, 'failedPrecondition', 'forbidden'],
    [500, 'backendError', 'unavailable'],
    [503, 'backendError', 'unavailable'],
  ] as const;
  it.each(STATUSES)('says what %d %s means, and asks only once', async (status, reason, failure) => {
    let asked = 0;
    world.gmail.faults = () => {
      asked += 1;
      return { kind: 'status', ...gmailError(status, reason, 'Nope') };
    };
    const error = await failureOf(world.sync());
    expect(error.failure).toBe(failure);
    expect(error.message).toMatch(/^gmail: .*Nope/);
    expect(asked).toBe(1);
  });

  it.each([
    ['truncate', 'garbled'],
    ['garbage', 'garbled'],
    ['reset', 'unavailable'],
  ] as const)('takes %s for %s', async (kind, failure) => {
    world.mail();
    for (const part of ['/profile', '/threads', '/messages/']) {
      world.gmail.faults = ({ path }) => (path.includes(part) ? { kind } : undefined);
      expect((await failureOf(world.sync())).failure).toBe(failure);
    }
  });

  it('lets through what our own fetch throws, as it is', async () => {
    const thrown = new VendorError('overloaded', 'gmail: the queue is full', NOON + 5_000);
    const access = world.access('alice', {}, () => Promise.reject(thrown));
    expect(await failureOf(world.sync(null, access))).toBe(thrown);
  });

  it('says when to come back where Gmail does', async () => {
    world.gmail.faults = () => ({
      kind: 'status',
      ...gmailError(429, 'rateLimitExceeded', 'Slow'),
      headers: { 'retry-after': '30' },
    });
    const { retryAt } = await failureOf(world.sync());
    expect(retryAt).toBeGreaterThan(Date.now() + 25_000);
  });

  it('reads what is left of answers in which fields are missing', async () => {
    const strange: Record<string, unknown> = {
      profile: { historyId: '5' },
      threads: { threads: [{}, { id: 't1' }, { id: 't2' }] },
      t1: {
        messages: [{}, { id: 'm1' }, { id: 'm2', internalDate: 'never', payload: { headers: [{}, { name: 'From' }] } }],
      },
      t2: {},
      m1: { id: 'm1' },
      m2: {},
    };
    const access = world.access('alice', {}, (input) => {
      const name = new URL(String(input)).pathname.split('/').at(-1)!;
      return Promise.resolve(Response.json(strange[name]));
    });
    const { items } = await world.sync(null, access);
    expect([...items.keys()]).toEqual(['t1']);
    expect(items.get('t1')).toMatchObject({ title: '(no subject)', reasons: [], asker: null });
  });
});
