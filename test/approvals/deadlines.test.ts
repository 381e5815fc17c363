import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Approval } from '#approvals';
import { register } from 'prom-client';
import { Deadlines } from '../../src/approvals/deadlines.ts';
import { until } from '../harness/until.ts';
import { type ApprovalsGateway, startApprovalsGateway } from './support.ts';

const ALICE = 'alice@acme.test';
let at: ApprovalsGateway;
let settled: Approval[];

beforeAll(async () => {
  at = await startApprovalsGateway();
});
afterAll(() => at?.gateway.stop());
beforeEach(() => {
  settled = [];
  at.own('reply', { settled: async (_, approval) => void settled.push(approval) });
});

/** As if it had been asked so much earlier that only `left` is left. */
const leave = (id: string, left: string) =>
  at.rows(`WITH moved AS (UPDATE approvals SET expires_at = now() + $2::interval WHERE id = $1) SELECT`, [id, left]);
const read = async (id: string) => (await at.call(ALICE, 'GET', `/approvals/${id}`)).body;
const tick = () => at.gateway.app.get(Deadlines, { strict: false }).tick();

test('it waits for a day', async () => {
  const { requestedAt, expiresAt } = await at.ask();
  expect(Date.parse(expiresAt) - Date.parse(requestedAt)).toBe(86_400_000);
});

test('what nobody has decided in time expires once, with its owner, an audit entry and an event', async () => {
  const { id } = await at.ask({ userId: 'carol' });
  await leave(id, '-1 second');
  expect(await at.approvals.pendingOf('acme', 'carol')).toBe(0);
  await Promise.all([tick(), tick(), tick()]);
  const { status, decidedBy } = await until('it has expired', async () => {
    const { body } = await at.call('carol@acme.test', 'GET', `/approvals/${id}`);
    return body.status !== 'pending' && body;
  });
  expect([status, decidedBy]).toEqual(['expired', undefined]);
  await tick();
  expect(settled.map((approval) => [approval.id, approval.status])).toEqual([[id, 'expired']]);
  expect(await at.audited(id)).toEqual([
    { actor: 'system', outcome: 'denied', detail: expect.objectContaining({ operation: 'approval.expired' }) },
  ]);
  const events = await at.told('carol', id);
  expect(events[1]).toEqual({ event: 'approval.decided', payload: expect.objectContaining({ status: 'expired' }) });
  expect(events).toHaveLength(2);
});

test('an expired one cannot be decided, whether anybody has looked at it since or not', async () => {
  const { id } = await at.ask();
  at.own('reply', { settled: () => Promise.reject(new Error('not now')) });
  await leave(id, '-1 second');
  for (const verb of ['approve', 'reject']) {
    const answer = await at.call(ALICE, 'POST', `/approvals/${id}/${verb}`, {});
    expect([answer.status, answer.body.detail]).toEqual([409, expect.stringContaining('expired at')]);
  }
});

test('one whose owner fails is tried again and holds up no others', async () => {
  const [poisoned, other] = [await at.ask(), await at.ask()];
  at.own('reply', {
    settled: async (_, approval) => {
      if (approval.id === poisoned.id) throw new Error('not now');
      settled.push(approval);
    },
  });
  await leave(poisoned.id, '-1 minute');
  await leave(other.id, '-1 second');
  await until('the other has expired', async () => (await tick(), (await read(other.id)).status === 'expired'));
  expect((await read(poisoned.id)).status).toBe('pending');
  expect(await at.audited(poisoned.id)).toEqual([]);
  at.own('reply', { settled: async (_, approval) => void settled.push(approval) });
  await until('it has expired too', async () => (await tick(), (await read(poisoned.id)).status === 'expired'));
});

test('its person is reminded once, when four hours are left', async () => {
  const { id } = await at.ask();
  const reminders = async () => (await at.told('alice', id)).filter(({ payload }) => payload.reminder === true);
  await leave(id, '4 hours 1 minute');
  await tick();
  expect(await reminders()).toEqual([]);
  await leave(id, '3 hours 59 minutes');
  await until('a reminder is there', async () => (await tick(), (await reminders()).length > 0));
  await tick();
  await tick();
  expect(await reminders()).toEqual([{ event: 'approval.pending', payload: expect.objectContaining({ id }) }]);
  expect((await read(id)).status).toBe('pending');
});

test('how many wait is a metric without anybody’s name', async () => {
  const before = await at.approvals.pendingOf('acme', 'bob');
  await at.ask({ userId: 'bob' });
  expect(await at.approvals.pendingOf('acme', 'bob')).toBe(before + 1);
  const [{ n }] = (await at.rows(
    `SELECT count(*)::int AS n FROM approvals WHERE status = 'pending' AND expires_at > now()`,
  )) as [{ n: number }];
  expect(await register.getSingleMetricAsString('approvals_pending')).toMatch(
    new RegExp(`^approvals_pending ${n}$`, 'm'),
  );
});
