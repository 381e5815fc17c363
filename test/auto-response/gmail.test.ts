import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { NewMail } from '#connectors';
import { Database } from '#libs/database';
import type { TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';
import { startWorldGateway, type WorldGateway } from '../briefing/support.ts';
import { ALICE, amend, BOB, replies, rules, settled, submit } from './support.ts';

let world: WorldGateway;
let gateway: TestGateway;
let connector: string;
let before: { id: string; messageId: string };

let n = 0;
/** Bob asks Alice something by mail, now, unless told otherwise. */
function asks(more: object = {}) {
  const messageId = `asked-${++n}@acme.test`;
  const copies = world.world.gmail.deliver({
    from: `Bob Berg <${BOB}>`,
    to: ALICE,
    subject: `About plan ${n}`,
    text: `Hi Alice,\n\ncould you tell me by Friday whether plan ${n} is what you had in mind?\n\nBob`,
    messageId,
    ...more,
  });
  const { id, threadId } = copies.find(({ email }) => email === ALICE)!;
  return { id, threadId, messageId };
}

async function sync(): Promise<void> {
  await until('the sync has run', async () => {
    const { status, body } = await gateway.call(ALICE, 'POST', `/api/v1/connectors/${connector}/sync`);
    return status === 200 && body.state === 'ok' && !body.running ? true : undefined;
  });
}
const list = async () =>
  (await gateway.call(ALICE, 'GET', '/api/v1/auto-responses?limit=200')).body.items as {
    id: string;
    messageId: string;
  }[];
const found = async (messageId: string) => (await list()).filter((one) => one.messageId === `<${messageId}>`);
const handled = async (messageId: string) => {
  const one = await until(`${messageId} has come in`, async () => {
    return (await found(messageId))[0];
  });
  return settled(gateway, one.id);
};
const sent = () => [...world.world.gmail.mailbox(ALICE).messages.values()].filter(({ labels }) => labels.has('SENT'));

beforeAll(async () => {
  world = await startWorldGateway();
  gateway = world.gateway;
  before = asks();
  connector = (await world.connect(ALICE, ['gmail'])).gmail!;
  await sync();
}, 120_000);
afterAll(() => world?.stop());
beforeEach(async () => {
  await replies(gateway, 'autonomous');
  await rules(gateway, { classes: { 'needs-response': 'autonomous' } });
});

describe('new mail of a connected Gmail comes in by itself', () => {
  test('it is answered once, in its thread, however often it is seen or brought', async () => {
    const asked = asks();
    await sync();
    const done = await handled(asked.messageId);
    expect(done).toMatchObject({
      channel: 'gmail',
      class: 'needs-response',
      state: 'sent',
      threadId: asked.threadId,
      from: BOB,
    });
    await sync();
    const again = { channel: 'gmail', from: BOB, to: ALICE, subject: 'x', text: 'Again?' };
    expect(await submit(gateway, { ...again, messageId: `<${asked.messageId}>` })).toBe(done.id);
    expect(await submit(gateway, { ...again, messageId: asked.messageId })).toBe(done.id);
    await settled(gateway, done.id);
    const inThread = sent().filter(({ threadId }) => threadId === asked.threadId);
    expect(inThread.length).toBe(1);
    expect(inThread[0]!.mail.header('in-reply-to')).toBe(`<${asked.messageId}>`);
    expect(inThread[0]!.mail.header('auto-submitted')).toBe('auto-replied');
    expect((await found(asked.messageId)).length).toBe(1);
  });

  test('what was there before the first sync, is old, read, or one’s own, is left alone', async () => {
    const left = [
      before,
      asks({ date: Date.now() - 2 * 3_600_000 }),
      asks({ labels: ['INBOX'] }),
      asks({ labels: ['UNREAD'] }),
      asks({ from: ALICE }),
      asks({ from: ALICE, to: BOB, labels: ['INBOX', 'UNREAD'] }),
    ];
    const asked = asks();
    await sync();
    await handled(asked.messageId);
    for (const { messageId } of left) expect(await found(messageId)).toEqual([]);
  });

  test('a mail that came over a list is not answered', async () => {
    const headers = { 'List-Id': '<plans.acme.test>', 'List-Post': '<mailto:plans@acme.test>' };
    const asked = asks({ headers });
    await sync();
    const done = await handled(asked.messageId);
    expect(['ignored', 'surfaced']).toContain(done.state);
    expect(done.reply).toBeUndefined();
    expect(sent().some(({ threadId }) => threadId === asked.threadId)).toBe(false);
  });

  test('its text is classified and answered as if it had been brought, and its reading is audited', async () => {
    const asked = asks({ subject: 'Plan', text: 'Newsletter. Unsubscribe here. Our offers of the week, 50% off!' });
    await sync();
    const done = await handled(asked.messageId);
    expect(done.state).not.toBe('sent');
    const { body } = await gateway.call(ALICE, 'GET', '/api/v1/audit?actionType=data_access&limit=200');
    const reads = body.items.filter(
      ({ actionDetail }: { actionDetail: { resource?: string } }) => actionDetail.resource === 'message',
    );
    expect(reads.length).toBeGreaterThan(0);
  });
  /** As a sync tells it, without one. */
  async function told(id: string, messageId: string): Promise<void> {
    const mail = gateway.app.get(NewMail, { strict: false });
    const place = { tenantId: 'acme', userId: 'alice', connectorId: connector, requestId: 'sync-1' };
    const shown = { from: { name: 'Bob', address: BOB }, to: [ALICE], subject: messageId, headers: {} };
    const seen = { id, threadId: id, messageId, ...shown, receivedAt: Date.now() };
    await gateway.app.get(Database, { strict: false }).tenant('acme', (tx) => mail.received(tx, place, seen));
    mail.stored();
  }

  test('one that is gone before it is read ends as ignored', async () => {
    await told('18f0000000000000', 'gone@acme.test');
    expect(await handled('gone@acme.test')).toMatchObject({
      state: 'ignored',
      reason: expect.stringContaining('It was gone before it could be read'),
    });
  });

  test('one that policy no longer lets be read is for its person to see', async () => {
    const asked = asks();
    await amend(gateway, 'actions', /^( *)email_read: .*$/m, '$1email_read: block');
    await told(asked.id, asked.messageId);
    expect(await handled(asked.messageId)).toMatchObject({
      state: 'surfaced',
      reason: expect.stringContaining('It could not be read'),
    });
    expect(sent().some(({ threadId }) => threadId === asked.threadId)).toBe(false);
  });
});
