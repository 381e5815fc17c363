import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConnectedWork } from '#connectors';
import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { register } from 'prom-client';
import { gatewayWith, item, type SmallVendor, startSmallVendor } from '../connectors/support.ts';
import type { TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';
import { Retirement } from '../../src/briefing/tasks/retirement.ts';
import { ScheduleRunner } from '../../src/briefing/schedule/schedule-runner.ts';

const ALICE = 'alice@acme.test';
const ADMIN = 'admin@acme.test';
let vendor: SmallVendor;
let gateway: TestGateway;

beforeAll(async () => {
  vendor = await startSmallVendor('github');
  for (const who of ['alice', 'bob']) vendor.server.addToken(`${who}-token`, `${who}@acme.test`);
  gateway = await gatewayWith(vendor, { BRIEFING_CRON: '0 6 1 1 *' });
  for (const who of ['alice', 'bob']) {
    const body = { type: 'github', credentials: { kind: 'token', token: `${who}-token` } };
    expect((await call('POST', '/connectors', body, `${who}@acme.test`)).status).toBe(201);
  }
});
afterAll(async () => {
  await gateway?.stop();
  await vendor?.server.close();
});

const call = (method: string, path: string, body?: unknown, who = ALICE) =>
  gateway.call(who, method, `/api/v1${path}`, body);
const system = (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
  gateway.app.get(Database, { strict: false }).system((tx) => tx.query(text, values));
const runner = () => gateway.app.get(ScheduleRunner, { strict: false });
/** What runs once a minute, now. */
const keepUsual = () => (runner() as unknown as { keepUsual(): Promise<void> }).keepUsual();
const settings = () => (runner() as unknown as { settings: { BRIEFING_CRON: string } }).settings;
const rowOf = async (id: string) =>
  (await system(`SELECT * FROM briefing_schedules WHERE user_id = $1`, [id]))[0] as Record<string, unknown>;

test('a schedule that nobody has written follows the settings and the time zone of its person', async () => {
  await keepUsual();
  expect(await rowOf('alice')).toMatchObject({ cron: '0 6 1 1 *', time_zone: 'Europe/Berlin', own: false });
  settings().BRIEFING_CRON = '30 7 2 1 *';
  expect((await call('PATCH', '/users/alice', { timeZone: 'Asia/Tokyo' }, ADMIN)).status).toBe(200);
  await keepUsual();
  await runner().tick();
  const { body } = await call('GET', '/briefing-schedule');
  expect(body).toMatchObject({ cron: '30 7 2 1 *', timeZone: 'Asia/Tokyo', windowMinutes: 30, enabled: true });
  expect(body.nextWindow).toMatch(/-01-01T22:30:00.000Z$/);
  const row = await rowOf('alice');
  expect(row).toMatchObject({ cron: '30 7 2 1 *', time_zone: 'Asia/Tokyo', own: false });
  expect((row.next_window as Date).toISOString()).toBe(body.nextWindow);
});

test('a schedule that its person has written stays as they wrote it', async () => {
  const { body } = await call('PUT', '/briefing-schedule', { cron: '15 9 3 1 *' }, 'bob@acme.test');
  settings().BRIEFING_CRON = '45 5 4 1 *';
  await call('PATCH', '/users/bob', { timeZone: 'Asia/Tokyo' }, ADMIN);
  await keepUsual();
  expect((await call('GET', '/briefing-schedule', undefined, 'bob@acme.test')).body).toEqual(body);
  expect(await rowOf('bob')).toMatchObject({ cron: '15 9 3 1 *', time_zone: body.timeZone, own: true });
});

test('where the usual schedule is off, nobody has one, and what is shown could be turned on', async () => {
  settings().BRIEFING_CRON = 'off';
  expect((await call('GET', '/briefing-schedule')).body).toMatchObject({
    ...{ cron: '0 8 * * 1-5', enabled: false, nextWindow: null },
  });
  await keepUsual();
  expect(await rowOf('alice')).toBeUndefined();
  expect(await rowOf('bob')).toBeDefined();
});

/** A job of a window that has just opened, as if it had been queued before whatever came since. */
async function runJob(userId: string, start = new Date(), minutes = 30): Promise<string> {
  const data = {
    ...{ tenantId: 'acme', userId },
    ...{ start: start.toISOString(), end: new Date(start.getTime() + minutes * 60_000).toISOString() },
  };
  await (runner() as unknown as { run(job: object): Promise<void> }).run({ id: 'job', data });
  return data.start;
}
const madeAt = (start: string) => system(`SELECT * FROM briefings WHERE window_start = $1`, [start]);

test('a schedule that was turned off counts for a briefing that is queued already', async () => {
  const schedule = { cron: '15 9 3 1 *', enabled: false };
  await call('PUT', '/briefing-schedule', schedule, 'bob@acme.test');
  expect(await madeAt(await runJob('bob'))).toEqual([]);
  expect(await madeAt(await runJob('carol'))).toEqual([]);
  await call('PUT', '/briefing-schedule', { ...schedule, enabled: true }, 'bob@acme.test');
  expect(await madeAt(await runJob('bob'))).toHaveLength(1);
});

test('a new word on delivery counts for a briefing that is queued already', async () => {
  const schedule = { cron: '15 9 3 1 *', deliver: ['mail'] };
  await call('PUT', '/briefing-schedule', schedule, 'bob@acme.test');
  const [briefing] = await madeAt(await runJob('bob'));
  expect((briefing!.delivered as { mail?: string }).mail).toContain('not sent: No gmail is connected');
});

test('a briefing that is ready only after its window is a miss, and says so', async () => {
  const misses = async () =>
    (await register.getSingleMetric('briefing_window_misses_total')!.get()).values[0]?.value ?? 0;
  const before = await misses();
  const work = gateway.app.get(ConnectedWork, { strict: false });
  const clock = gateway.app.get(Clock, { strict: false });
  const [refresh, now] = [work.refresh.bind(work), clock.now.bind(clock)];
  // The systems take an hour to answer.
  work.refresh = (...given) => {
    clock.now = () => now() + 3_600_000;
    return refresh(...given);
  };
  try {
    const [briefing] = await madeAt(await runJob('bob'));
    expect(briefing!.body).toMatchObject({ window: { late: true } });
    expect(await misses()).toBe(before + 1);
    const { body } = await call('GET', `/briefings/${briefing!.id as string}?format=text`, undefined, 'bob@acme.test');
    expect(body).toContain('This briefing comes late');
  } finally {
    [work.refresh, clock.now] = [refresh, now];
  }
});

describe('people who have left', () => {
  const tasks = () => system(`SELECT id, state FROM tasks WHERE user_id = 'bob'`);
  /** As if the book and what it says of `column` were so many days older. */
  const age = async (column: string, days: number) => {
    await system(`UPDATE tasks SET ${column} = ${column} - $1::int * interval '1 day' WHERE user_id = 'bob'`, [days]);
    await system(`UPDATE task_books SET refreshed_at = refreshed_at - interval '1 day' WHERE user_id = 'bob'`);
    await gateway.app.get(Retirement, { strict: false }).retire();
  };

  beforeAll(async () => {
    vendor.put('bob@acme.test', item('B', { updatedAt: '2026-01-01T08:00:00Z' }));
    await until('the item is known', async () => {
      const { id } = (await call('GET', '/connectors', undefined, 'bob@acme.test')).body.items[0];
      await call('POST', `/connectors/${id}/sync`, undefined, 'bob@acme.test');
      const { body } = await call('POST', '/briefings', {}, 'bob@acme.test');
      return body.tasks.length === 1;
    });
    await call('PUT', '/briefing-schedule', { cron: '15 9 3 1 *' }, 'bob@acme.test');
    expect((await call('DELETE', '/users/bob', undefined, ADMIN)).status).toBe(204);
  });

  test('are due no more, and a queued briefing of theirs ends quietly', async () => {
    await system(`UPDATE briefing_schedules SET next_window = now() - interval '1 minute' WHERE user_id = 'bob'`);
    await runner().tick();
    expect((await rowOf('bob')).next_window).toBe(Infinity);
    expect(await madeAt(await runJob('bob'))).toEqual([]);
  });

  test('have tasks that are archived and purged like those of others', async () => {
    expect(await tasks()).toMatchObject([{ state: 'active' }]);
    await age('discovered_at', 91);
    expect(await tasks()).toMatchObject([{ state: 'archived' }]);
    await age('archived_at', 91);
    expect(await tasks()).toEqual([]);
  });

  test('go on with the schedule that they had written when they come back', async () => {
    await system(`UPDATE users SET active = true WHERE id = 'bob'`);
    await keepUsual();
    await runner().tick();
    expect((await rowOf('bob')).next_window).toBeInstanceOf(Date);
  });
});
