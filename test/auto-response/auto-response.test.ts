import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PersonEvents } from '#libs/events';
import { Database } from '#libs/database';
import type { TestGateway } from '../harness/gateway.ts';
import { startWorldGateway, type WorldGateway } from '../briefing/support.ts';
import { ALICE, BOB, amend, handled, mail, replies, rules, settled, submit } from './support.ts';

let world: WorldGateway;
let gateway: TestGateway;

beforeAll(async () => {
  world = await startWorldGateway();
  gateway = world.gateway;
  await world.connect(ALICE, ['gmail']);
}, 120_000);
afterAll(() => world?.stop());

/** What Bob has got from Alice's assistant. */
const received = () =>
  world.world.gmail.written
    .filter(({ operation }) => operation === 'messages.send')
    .map(({ detail }) => detail as Sent);
interface Sent {
  readonly to?: string;
  readonly subject?: string;
}
const audited = async (messageId: string) => {
  const { body } = await gateway.call(ALICE, 'GET', '/api/v1/audit?actionType=auto_response&limit=200');
  const ours = body.items.filter(
    (entry: { actionDetail: { messageId?: string } }) => entry.actionDetail.messageId === messageId,
  );
  return ours.map((entry: { actionDetail: { phase: string } }) => entry.actionDetail.phase).reverse();
};
const events = () => gateway.app.get(PersonEvents, { strict: false });
const toldOf = async (id: string) =>
  (await events().after('acme', 'alice', 0, 1_000)).filter(({ payload }) => payload.messageId === id);

describe('a message is handled with as much say of its person as rules and policy want', () => {
  beforeEach(() => replies(gateway, 'autonomous'));

  test('autonomous: the reply goes out, with the disclosure, once, and is audited before and after', async () => {
    await rules(gateway, { classes: { 'needs-response': 'autonomous' } });
    const before = received().length;
    const done = await handled(gateway, mail({ subject: 'The draft' }));
    expect(done).toMatchObject({ class: 'needs-response', autonomy: 'autonomous', state: 'sent' });
    expect(done.reply).toMatchObject({ to: BOB, subject: 'Re: The draft' });
    expect(done.reply.text.endsWith("\n\nSent by Alice Adams's OpenClaw assistant")).toBe(true);
    expect(done.timings.seconds).toBeLessThan(30);
    expect(received().length - before).toBe(1);
    expect(await audited(done.id)).toEqual(['decision', 'intent', 'outcome']);
    expect(await toldOf(done.id)).toEqual([]);
    const [row] = await gateway.app
      .get(Database, { strict: false })
      .tenant('acme', (tx) => tx.query(`SELECT content FROM messages WHERE id = $1`, [done.id]));
    expect(row.content).toBeNull();
  });

  test('notify: the reply goes out and the person is told', async () => {
    await rules(gateway, { channels: { gmail: 'notify' } });
    const done = await handled(gateway, mail());
    expect(done).toMatchObject({ autonomy: 'notify', state: 'sent' });
    expect((await toldOf(done.id)).map(({ payload }) => payload.state)).toEqual(['sent']);
  });

  test('block: the message is surfaced and nothing is drafted', async () => {
    await rules(gateway, { contacts: [{ match: BOB, autonomy: 'block' }], channels: { gmail: 'autonomous' } });
    const before = received().length;
    const done = await handled(gateway, mail());
    expect(done).toMatchObject({ autonomy: 'block', state: 'surfaced' });
    expect(done.reply).toBeUndefined();
    expect(received().length).toBe(before);
    expect((await toldOf(done.id)).map(({ payload }) => payload.state)).toEqual(['surfaced']);
  });

  test('policy is the floor: what rules would send by themselves is blocked where policy says so', async () => {
    await rules(gateway, { contacts: [{ match: BOB, autonomy: 'autonomous' }] });
    await replies(gateway, 'block');
    const done = await handled(gateway, mail());
    expect(done).toMatchObject({ autonomy: 'block', state: 'surfaced', reason: expect.stringContaining('policy') });
  });

  test('where the feature is off, nothing is answered', async () => {
    await rules(gateway, { contacts: [{ match: BOB, autonomy: 'autonomous' }] });
    await amend(gateway, 'features', 'auto_response: true', 'auto_response: false');
    try {
      expect(await handled(gateway, mail())).toMatchObject({ state: 'surfaced', autonomy: 'block' });
    } finally {
      await amend(gateway, 'features', 'auto_response: false', 'auto_response: true');
    }
  });

  test('somebody unknown is not answered, unless a rule on contacts says so', async () => {
    await rules(gateway, { channels: { gmail: 'autonomous' }, classes: { 'needs-response': 'autonomous' } });
    const stranger = { from: 'Sam <sam@stranger.example>' };
    expect(await handled(gateway, mail(stranger))).toMatchObject({ state: 'surfaced' });
    await rules(gateway, { contacts: [{ match: '@stranger.example', autonomy: 'autonomous' }] });
    expect(await handled(gateway, mail({ ...stranger, classification: 'internal' }))).toMatchObject({ state: 'sent' });
  });

  test('what burns is surfaced, whatever the channel allows', async () => {
    await rules(gateway, { channels: { gmail: 'autonomous' } });
    const text = 'The checkout is down for all customers since 09:12, payments fail. Join the bridge right now!';
    const done = await handled(gateway, mail({ subject: 'SEV1: checkout down', text }));
    expect(done).toMatchObject({ class: 'critical', state: 'surfaced' });
  });

  test('noise is ignored', async () => {
    const text = 'Last chance! 40% off all plans. Unsubscribe: https://shop.example/u';
    const done = await handled(gateway, mail({ from: 'newsletter@shop.example', subject: 'Black Friday sale', text }));
    expect(done).toMatchObject({ class: 'noise', state: 'ignored' });
  });

  test.each([
    ['a list', { 'List-Id': '<dev.acme.test>' }, BOB],
    ['an automatic answer', { 'Auto-Submitted': 'auto-replied' }, BOB],
    ['mass mail', { Precedence: 'bulk' }, BOB],
    ['who wants no automatic answers', { 'X-Auto-Response-Suppress': 'All' }, BOB],
    ['an address that nobody reads', {}, 'no-reply@acme.test'],
    ['oneself', {}, ALICE],
  ])('never answered: %s', async (_, headers, from) => {
    await rules(gateway, { contacts: [{ match: '*', autonomy: 'autonomous' }] });
    const before = received().length;
    const done = await handled(gateway, mail({ headers, from }));
    expect(['surfaced', 'ignored']).toContain(done.state);
    expect(received().length).toBe(before);
  });

  test('a conversation gets one automatic reply a day', async () => {
    await rules(gateway, { contacts: [{ match: BOB, autonomy: 'autonomous' }] });
    const before = received().length;
    const ids = await Promise.all(
      [1, 2, 3].map(() => submit(gateway, mail({ threadId: 'one-thread', subject: 'The same again' }))),
    );
    const states = (await Promise.all(ids.map((id) => settled(gateway, id)))).map(({ state }) => state);
    expect(states.sort()).toEqual(['sent', 'surfaced', 'surfaced']);
    expect(received().length - before).toBe(1);
  });

  test('the same message twice is one message, and gets one reply', async () => {
    await rules(gateway, { contacts: [{ match: BOB, autonomy: 'autonomous' }] });
    const before = received().length;
    const twice = mail();
    const ids = await Promise.all([submit(gateway, twice), submit(gateway, twice), submit(gateway, twice)]);
    expect(new Set(ids).size).toBe(1);
    expect(await settled(gateway, ids[0]!)).toMatchObject({ state: 'sent' });
    expect(received().length - before).toBe(1);
  });

  test('an answer says in its headers that no person has sent it', async () => {
    await rules(gateway, { contacts: [{ match: BOB, autonomy: 'autonomous' }] });
    const done = await handled(gateway, mail({ subject: 'Headers' }));
    const sent = world.world.gmail.mailbox(BOB);
    const copy = [...sent.messages.values()].find(({ mail: one }) => one.messageId.includes(done.id.toLowerCase()));
    expect(copy?.mail.header('auto-submitted')).toBe('auto-replied');
    expect(copy?.mail.text).toContain("Sent by Alice Adams's OpenClaw assistant");
  });
});

describe('corrections', () => {
  test('change what later messages are taken for, of this person alone, and can be taken back', async () => {
    const dull = (i: number) => ({
      from: 'Reports <reports@tool.example>',
      subject: `Weekly report ${i}`,
      text: `Summary of the week: everything went well. FYI.`,
      messageId: `<report-${i}-${Math.random()}@tool.example>`,
    });
    const first = await handled(gateway, mail(dull(1)));
    expect(first.class).toBe('informational');
    const path = `/api/v1/messages/${first.id}/correction`;
    const corrected = await gateway.call(ALICE, 'POST', path, { class: 'noise' });
    expect(corrected.body).toMatchObject({ class: 'noise', correctedFrom: 'informational' });
    const second = await handled(gateway, mail(dull(2)));
    expect(second.class).toBe('noise');
    expect(second.classReasons.join()).toContain(
      'you have corrected a message like it to noise (from reports@tool.example',
    );
    const bobs = await submit(gateway, mail(dull(3)), BOB);
    expect((await settled(gateway, bobs, BOB)).class).toBe('informational');
    expect((await gateway.call(ALICE, 'DELETE', path)).status).toBe(204);
    expect((await handled(gateway, mail(dull(4)))).class).toBe('informational');
    expect((await gateway.call(BOB, 'POST', path, { class: 'noise' })).status).toBe(404);
  });
});

test('an assistant brings messages for those it acts for alone', async () => {
  const make = (userIds: unknown) =>
    gateway.call('admin@acme.test', 'POST', '/api/v1/agent-tokens', { name: `a-${Math.random()}`, userIds });
  const [ofAlice, ofAll] = [(await make(['alice'])).body.token, (await make('*')).body.token];
  const id = await submit(gateway, mail(), ofAlice);
  expect((await gateway.call(ALICE, 'GET', `/api/v1/messages/${id}`)).body).toMatchObject({ userId: 'alice' });
  expect((await gateway.call(ofAlice, 'POST', '/api/v1/messages', mail({ userId: 'bob' }))).status).toBe(403);
  const found = await submit(gateway, mail(), ofAll);
  expect((await gateway.call(ALICE, 'GET', `/api/v1/messages/${found}`)).status).toBe(200);
  expect((await gateway.call(ofAll, 'POST', '/api/v1/messages', mail({ to: 'x@y.example' }))).status).toBe(400);
  expect((await gateway.call('eve@globex.test', 'GET', `/api/v1/messages/${id}`)).status).toBe(404);
  expect((await gateway.call(BOB, 'GET', `/api/v1/messages/${id}`)).status).toBe(404);
});

test('the activity log goes back page by page, newest first', async () => {
  const first = (await gateway.call(ALICE, 'GET', '/api/v1/auto-responses?limit=2')).body;
  const second = (await gateway.call(ALICE, 'GET', `/api/v1/auto-responses?limit=2&cursor=${first.nextCursor}`)).body;
  const ids = [...first.items, ...second.items].map(({ id }: { id: string }) => id);
  expect(ids).toEqual([...ids].sort().reverse());
  expect(new Set(ids).size).toBe(4);
});

test.each([
  ['channel', { channel: 'No!' }],
  ['from', { from: 'a\nb' }],
  ['text', { text: 7 }],
  ['messageId', { messageId: '' }],
  ['receivedAt', { receivedAt: 'yesterday' }],
  ['classification', { classification: 'secret' }],
])('a wrong %s is named', async (field, wrong) => {
  const { status, body } = await gateway.call(ALICE, 'POST', '/api/v1/messages', mail(wrong));
  expect([status, body.errors[0].path]).toEqual([400, field]);
});
