import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Database } from '#libs/database';
import { ScheduleRunner } from '../../src/briefing/schedule/schedule-runner.ts';
import { jitter } from '../../src/briefing/schedule/windows.ts';
import { until } from '../harness/until.ts';
import { startWorldGateway, type WorldGateway } from './support.ts';

const [ALICE, BOB, ADMIN] = ['alice@acme.test', 'bob@acme.test', 'admin@acme.test'];
const MINUTE = 60_000;
let stage: WorldGateway;

const call = (who: string, method: string, path: string, body?: unknown) =>
  stage.gateway.call(who, method, `/api/v1${path}`, body);
const system = (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
  stage.gateway.app.get(Database, { strict: false }).system((tx) => tx.query(text, values));

beforeAll(async () => {
  stage = await startWorldGateway({ BRIEFING_CRON: 'off' });
  await stage.connect(ALICE, ['gmail']);
  await stage.connect(BOB, ['gmail']);
  // The demo rules ask a person before mail is sent.
  const [{ id }] = (await call(ADMIN, 'GET', '/policies?scope=enterprise&domain=actions')).body.items;
  const { content } = (await call(ADMIN, 'GET', `/policies/${id}`)).body as { content: string };
  const change = {
    ...{ version: '1.1.0', changeReason: 'a test of delivery' },
    content: content.replace(/^( *)email_send: .*$/m, '$1email_send: notify'),
  };
  expect((await call(ADMIN, 'PUT', `/policies/${id}`, change)).body).toMatchObject({ id });
  const no = {
    ...{
      scope: 'user',
      scopeId: 'bob',
      domain: 'actions',
      name: 'Bob sends himself',
      version: '1.0.0',
      status: 'active',
    },
    ...{ content: 'blocked: [email_send]', changeReason: 'a test of delivery' },
  };
  expect((await call(ADMIN, 'POST', '/policies', no)).status).toBe(201);
  for (const who of [ALICE, BOB])
    await call(who, 'PUT', '/briefing-schedule', { cron: '0 0 1 1 *', windowMinutes: 1, deliver: ['mail'] });
}, 120_000);
afterAll(() => stage?.stop());

/** A window has opened just now; of the moments just now, the one at which the person's turn comes first. */
async function openWindow(userId: string): Promise<string> {
  const now = Date.now();
  const starts = Array.from({ length: 500 }, (_, n) => now - n);
  const of = (start: number) => jitter('acme', userId, start, MINUTE);
  const start = new Date(starts.reduce((a, b) => (of(b) < of(a) ? b : a)));
  await system(`UPDATE briefing_schedules SET next_window = $1 WHERE user_id = $2`, [start, userId]);
  return start.toISOString();
}

/** The job once more, as after a process that died before it could note that it was done. */
const runAgain = (userId: string, start: string) => {
  const data = { tenantId: 'acme', userId, start, end: new Date(Date.parse(start) + MINUTE).toISOString() };
  const runner = stage.gateway.app.get(ScheduleRunner, { strict: false });
  return (runner as unknown as { run(job: object): Promise<void> }).run({ id: 'again', data });
};

const deliveredAt = async (start: string) => {
  const [row] = await system(`SELECT id, delivered FROM briefings WHERE window_start = $1`, [start]);
  return row as { id: string; delivered: { mail?: string } } | undefined;
};
const untilDelivered = (start: string) =>
  until('it is delivered', async () => {
    const row = await deliveredAt(start);
    return row?.delivered.mail ? row : undefined;
  });
const sentBy = (email: string) => stage.world.gmail.written.filter((one) => one.by === email);

test('a scheduled briefing is mailed to its person, once although its job runs twice', async () => {
  const start = await openWindow('alice');
  const { id, delivered } = await untilDelivered(start);
  expect(delivered.mail).toBe('sent');
  expect(sentBy(ALICE)).toHaveLength(1);
  const received = [...stage.world.gmail.mailbox(ALICE).messages.values()].filter(({ labels }) => labels.has('INBOX'));
  const mail = received.find(({ mail }) => mail.messageId === `briefing-${id.toLowerCase()}@openclaw-enterprise`)!.mail;
  expect([mail.addresses('to'), mail.addresses('from')]).toEqual([[ALICE], [ALICE]]);
  expect(mail.header('subject')).toMatch(/^Briefing for \w+day, /);

  await runAgain('alice', start);
  await system(`UPDATE briefings SET delivered = delivered - 'mail' WHERE id = $1`, [id]);
  await runAgain('alice', start);
  expect((await deliveredAt(start))!.delivered.mail).toBe('sent');
  expect(sentBy(ALICE)).toHaveLength(1);
});

test('a mail that policy refuses is noted with the reason and not tried again', async () => {
  const start = await openWindow('bob');
  const { delivered } = await untilDelivered(start);
  expect(delivered.mail).toMatch(/^not sent: .*Bob sends himself/);
  const refusals = async () => {
    const { body } = await call(ADMIN, 'GET', '/audit?actionType=policy_decision&userId=bob&limit=100');
    return body.items.filter((entry: { policyResult: string }) => entry.policyResult !== 'allow').length as number;
  };
  const before = await refusals();
  expect(before).toBeGreaterThan(0);
  await runAgain('bob', start);
  expect(await refusals()).toBe(before);
  expect(sentBy(BOB)).toEqual([]);
});
