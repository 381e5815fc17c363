import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ConnectedWork } from '#connectors';
import { Database } from '#libs/database';
import { Retirement } from '../../src/briefing/tasks/retirement.ts';
import { jitter } from '../../src/briefing/schedule/windows.ts';
import { gatewayWith, item, type SmallVendor, startSmallVendor } from '../connectors/support.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { FaultyHttp } from '../harness/faulty-http.ts';
import { until } from '../harness/until.ts';

const ALICE = 'alice@acme.test';
let vendor: SmallVendor;
let gateway: TestGateway;
let connector: string;

beforeAll(async () => {
  vendor = await startSmallVendor('github');
  vendor.server.addToken('alice-token', ALICE);
  gateway = await gatewayWith(vendor, { BRIEFING_REFRESH_MS: '400', BRIEFING_CRON: 'off' });
  const body = { type: 'github', credentials: { kind: 'token', token: 'alice-token' } };
  connector = (await call('POST', '/connectors', body)).body.id;
});
afterAll(async () => {
  await gateway?.stop();
  await vendor?.server.close();
});
beforeEach(() => {
  vendor.server.faults = () => undefined;
});

const call = (method: string, path: string, body?: unknown, who = ALICE) =>
  gateway.call(who, method, `/api/v1${path}`, body);
/** Until a sync of its own has run: one that was late in an earlier test may still be at it. */
const sync = () =>
  until('it is synced', async () => {
    const { body } = await call('POST', `/connectors/${connector}/sync`);
    return !body.running && body.state === 'ok';
  });
const system = (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
  gateway.app.get(Database, { strict: false }).system((tx) => tx.query(text, values));
const put = async (id: string, more: Parameters<typeof item>[1] = {}) => {
  vendor.put(ALICE, item(id, { updatedAt: '2026-11-20T08:00:00Z', ...more }));
  await sync();
};
const taskOf = async (title: string) =>
  (await call('POST', '/briefings', {})).body.tasks.find((task: { title: string }) => task.title === title);

test('a task that its person has archived stays out of sight until something happens in it', async () => {
  await put('A');
  const { id } = await taskOf('Item A');
  expect((await call('PATCH', `/tasks/${id}`, { status: 'archived' })).body.status).toBe('archived');
  expect(await taskOf('Item A')).toBeUndefined();
  expect((await call('GET', `/tasks/${id}`)).body).toMatchObject({ status: 'archived', workItemIds: ['github:A'] });
  await put('A', { updatedAt: new Date(Date.now() + 1_000).toISOString() });
  expect((await taskOf('Item A')).id).not.toBe(id);
});

test('a task keeps its id where one look is overtaken by another that knows more', async () => {
  const work = gateway.app.get(ConnectedWork, { strict: false });
  const read = work.itemsWithin.bind(work);
  let overtaken: Promise<unknown> | undefined;
  work.itemsWithin = async (...given: Parameters<typeof read>) => {
    const items = await read(...given);
    if (overtaken) return items;
    await put('B');
    overtaken = call('POST', '/briefings', {});
    // One that waits for its turn goes on after this one.
    await Promise.race([overtaken, pause(1_000)]);
    return items;
  };
  await call('POST', '/briefings', {});
  const { body } = (await overtaken) as { body: { tasks: { id: string; title: string }[] } };
  work.itemsWithin = read;
  const { id } = body.tasks.find(({ title }) => title === 'Item B')!;
  expect((await taskOf('Item B')).id).toBe(id);
  expect((await call('GET', `/tasks/${id}`)).body.status).toBe('active');
});

test('a system that does not answer in time makes the briefing partial, and says since when it is not known', async () => {
  await sync();
  await system(
    `UPDATE connector_syncs SET last_sync = now() - interval '1 hour', next_sync_at = now() + interval '1 hour'`,
  );
  vendor.server.faults = () => ({ kind: 'delay', ms: 2_000 });
  const { body } = await call('POST', '/briefings', {});
  expect(body.connectorStatus).toMatchObject([{ connector: 'github', state: 'partial', lastSync: expect.any(String) }]);
  expect(body.connectorStatus[0].reason).toContain('0.4 s');
});

test('an item may be named by its id alone where only one item of the task has it', async () => {
  await put('C1');
  await put('C2');
  const [one, two] = [await taskOf('Item C1'), await taskOf('Item C2')];
  const merged = (await call('POST', `/tasks/${one.id}/merge`, { taskId: two.id })).body;
  const { status, body } = await call('POST', `/tasks/${merged.id}/split`, { workItemIds: ['C2'] });
  expect([status, body.split?.workItemIds]).toEqual([200, ['github:C2']]);
});

test('where policy turns task intelligence off, tasks are refused with the reason, and the refusal is recorded', async () => {
  const policy = {
    ...{ scope: 'user', scopeId: 'bob', domain: 'features', name: 'No tasks', version: '1.0.0', status: 'active' },
    ...{ content: 'task_intelligence: false', changeReason: 'a test' },
  };
  expect((await call('POST', '/policies', policy, 'admin@acme.test')).status).toBe(201);
  const ask = () => call('GET', '/tasks', undefined, 'bob@acme.test');
  await until('the policy is in force', async () => (await ask()).status === 403);
  const answer = await ask();
  expect(answer.body.detail).toContain('No tasks');
  const decision = await call('GET', `/policy/decisions/${answer.body.decisionId}`, undefined, 'bob@acme.test');
  expect(decision.body.decision).toBe('deny');
});

test('a briefing that leaves tasks out leaves them as they were, and makes those active that it shows', async () => {
  await put('D1');
  await put('D2', { blocks: 2 });
  const { body } = await call('POST', '/briefings', { blocking: true });
  expect(body.tasks.map(({ title }: { title: string }) => title)).toContain('Item D2');
  const { items } = (await call('GET', '/tasks?status=discovered')).body;
  const left = items.find(({ title }: { title: string }) => title === 'Item D1');
  expect(left.status).toBe('discovered');
  expect(items.map(({ title }: { title: string }) => title)).not.toContain('Item D2');
  await call('POST', '/briefings', { minScore: 100 });
  await call('POST', '/briefings', { sources: ['jira'] });
  expect((await call('GET', `/tasks/${left.id}`)).body.status).toBe('discovered');
  await call('POST', '/briefings', {});
  expect((await call('GET', `/tasks/${left.id}`)).body.status).toBe('active');
});

test('tasks with equal scores come by earlier deadline, then the older first, page by page', async () => {
  const at = (day: number) => `2026-11-${day}T08:00:00Z`;
  const [far, farther] = [2, 3].map((weeks) => new Date(Date.now() + weeks * 7 * 86_400_000).toISOString());
  const blocks = 3;
  // Ids rise with the order in which they are found, which is none of these.
  await put('T1', { blocks, createdAt: at(21) });
  await put('T2', { blocks, createdAt: at(20) });
  await put('T3', { blocks, createdAt: at(22), deadline: farther! });
  await put('T4', { blocks, createdAt: at(22), deadline: far! });
  const seen: string[] = [];
  await call('POST', '/briefings', {});
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body } = await call('GET', `/tasks?blocking=true&limit=1${cursor ? `&cursor=${cursor}` : ''}`);
    seen.push(...body.items.map(({ title }: { title: string }) => title));
    cursor = body.nextCursor;
  }
  expect(seen.filter((title) => title.startsWith('Item T'))).toEqual(['Item T4', 'Item T3', 'Item T2', 'Item T1']);
});

test('an open item whose archived task was purged is no new task until something happens in it', async () => {
  await put('P');
  const { id } = await taskOf('Item P');
  await call('PATCH', `/tasks/${id}`, { status: 'archived' });
  // At once, because a sync lets tasks be worked out by themselves.
  await system(
    `WITH old AS (UPDATE tasks SET archived_at = archived_at - interval '91 days' WHERE id = $1)
     UPDATE work_items SET item = item || '{"updatedAt": "2026-01-01T08:00:00Z"}' WHERE external_id = 'P'`,
    [id],
  );
  expect(await taskOf('Item P')).toBeUndefined();
  expect((await call('GET', `/tasks/${id}`)).status).toBe(404);
  // Everything is worked out anew.
  await put('Q');
  expect(await taskOf('Item Q')).toBeDefined();
  expect(await taskOf('Item P')).toBeUndefined();
  expect(await system(`SELECT item FROM purged_items`)).toEqual([{ item: 'github:P' }]);
  await put('P', { updatedAt: new Date(Date.now() + 1_000).toISOString() });
  expect((await taskOf('Item P')).id).not.toBe(id);
  expect(await system(`SELECT item FROM purged_items`)).toEqual([]);
});

test('briefings are forgotten with the tasks that they tell of', async () => {
  const { id } = (await call('POST', '/briefings', {})).body;
  await system(`UPDATE briefings SET generated_at = now() - interval '211 days' WHERE id = $1`, [id]);
  await gateway.app.get(Retirement, { strict: false }).retire();
  expect((await call('GET', `/briefings/${id}`)).status).toBe(404);
  expect((await call('GET', '/briefings/latest')).status).toBe(200);
});

test('a scheduled briefing waits for the policy engine to come back, and is made in its window', async () => {
  let opa: FaultyHttp | undefined;
  const other = await startTestGateway({
    env: { BRIEFING_CRON: 'off' },
    wrapOpa: async (url) => (opa = await FaultyHttp.before(url)).url,
  });
  try {
    opa!.fault = (_, response) => response.destroy();
    expect((await other.call(ALICE, 'POST', '/api/v1/briefings', {})).body.code).toBe('policy_engine_unreachable');
    // Of the moments just now, the one at which Alice's turn comes first.
    const now = Date.now();
    const starts = Array.from({ length: 500 }, (_, n) => now - n);
    const start = starts.reduce((a, b) =>
      jitter('acme', 'alice', b, 60_000) < jitter('acme', 'alice', a, 60_000) ? b : a,
    );
    const database = other.app.get(Database, { strict: false });
    await database.system((tx) =>
      tx.query(
        `INSERT INTO briefing_schedules (tenant_id, user_id, cron, time_zone, window_minutes, enabled, next_window, updated_at)
         VALUES ('acme', 'alice', '0 0 1 1 *', 'UTC', 1, true, $1, now())`,
        [new Date(start)],
      ),
    );
    await until('the engine was asked in vain', async () => {
      const { body } = await other.call(
        'admin@acme.test',
        'GET',
        '/api/v1/audit?actionType=policy_decision&userId=alice',
      );
      return body.items.some((entry: { actor: string }) => entry.actor === 'system');
    });
    opa!.fault = undefined;
    const made = await until('the briefing is made', async () => {
      const { status, body } = await other.call(ALICE, 'GET', '/api/v1/briefings/latest');
      return status === 200 && body;
    });
    expect(made.window.start).toBe(new Date(start).toISOString());
  } finally {
    await other.stop();
    await opa?.stop();
  }
}, 60_000);
