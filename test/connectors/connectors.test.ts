import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ConnectedWork } from '#connectors';
import type { TestGateway } from '../harness/gateway.ts';
import { Database } from '#libs/database';
import { until } from '../harness/until.ts';
import { signatureOf } from '../../src/connectors/webhooks/signatures.ts';
import { Syncs } from '../../src/connectors/sync/syncs.ts';
import { gatewayWith, item, type SmallVendor, startSmallVendor } from './support.ts';

let vendor: SmallVendor;
let gateway: TestGateway;
let work: ConnectedWork;
let connector: { id: string; webhookSecret: string };
const ALICE = 'alice@acme.test';
const SECRET = 'alice-token-that-nobody-may-see';

beforeAll(async () => {
  vendor = await startSmallVendor('github');
  vendor.server.addToken(SECRET, ALICE);
  gateway = await gatewayWith(vendor, { RATE_LIMIT_WEBHOOKS: '20' });
  work = gateway.app.get(ConnectedWork, { strict: false });
});
afterAll(async () => {
  await gateway?.stop();
  await vendor?.server.close();
});
beforeEach(async () => {
  vendor.server.faults = () => undefined;
  for (const { id } of (await call('GET', '/connectors')).body.items) await call('DELETE', `/connectors/${id}`);
  vendor.account(ALICE).clear();
  vendor.server.written.length = 0;
  const body = { type: 'github', credentials: { kind: 'token', token: SECRET } };
  connector = (await call('POST', '/connectors', body)).body;
});

const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>, who = ALICE) =>
  gateway.call(who, method, `/api/v1${path}`, body, headers);
const sync = async () => (await call('POST', `/connectors/${connector.id}/sync`)).body;
const ids = async () => (await work.itemsOf('acme', 'alice')).map(({ id }) => id);

/** The schedule syncs a new connector by itself: what a test counts comes after that. */
const settled = () =>
  until('the first sync has ended', async () => {
    const { body } = await call('GET', `/connectors/${connector.id}/status`);
    return body.lastTry !== null && body.reason !== 'It has not been read yet' && (body.lastSync || body.reason);
  });

describe('credentials', () => {
  test('are nowhere to be seen: not in answers, in the log of audit, or in the database', async () => {
    const answers = [
      connector,
      (await call('GET', '/connectors')).body,
      (await call('GET', `/connectors/${connector.id}`)).body,
      (await call('GET', '/audit', undefined, {}, 'admin@acme.test')).body,
    ];
    const client = await gateway.app
      .get(Database, { strict: false })
      .system((tx) => tx.query('SELECT * FROM connectors'));
    expect(JSON.stringify([answers, client])).not.toContain(SECRET);
    expect(JSON.stringify(answers.slice(1))).not.toContain(connector.webhookSecret);
  });

  test.each([
    [{ type: 'github', credentials: { kind: 'basic', email: 'a@b.test', apiToken: 'x' } }, 'credentials.kind'],
    [{ type: 'jira', credentials: { kind: 'token', token: 'x' } }, 'baseUrl'],
    [{ type: 'gcal', baseUrl: 'http://169.254.169.254/', credentials: { kind: 'token', token: 'x' } }, 'baseUrl'],
    [{ type: 'gcal', baseUrl: 'https://10.0.0.1/', credentials: { kind: 'token', token: 'x' } }, 'baseUrl'],
    [
      {
        type: 'gcal',
        credentials: { kind: 'oauth', refreshToken: 'r', clientId: 'c', tokenUrl: 'http://localhost/token' },
      },
      'credentials.tokenUrl',
    ],
  ])('or addresses that will not do are refused %#', async (body, path) => {
    expect((await call('POST', '/connectors', body)).body).toMatchObject({ status: 400, errors: [{ path }] });
  });

  test('are not sent elsewhere by changing the address alone', async () => {
    const answer = await call('PATCH', `/connectors/${connector.id}`, { baseUrl: 'https://evil.example.com' });
    expect(answer.body).toMatchObject({ status: 400, errors: [{ path: 'credentials' }] });
  });

  test('that expire are renewed, and the new refresh token is kept', async () => {
    await call('DELETE', `/connectors/${connector.id}`);
    const credentials = {
      ...{ kind: 'oauth', accessToken: 'stale', refreshToken: 'refresh-1', clientId: 'c', clientSecret: 's' },
      tokenUrl: `${vendor.server.url}/token`,
    };
    connector = (await call('POST', '/connectors', { type: 'github', credentials })).body;
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        call('POST', '/connectors/github/read', { resource: 'text', query: { text: 'a' } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    await settled();
    expect(
      vendor.server.written.filter(({ operation, by }) => operation === 'refresh' && by === 'refresh-1'),
    ).toHaveLength(1);
    expect((await call('GET', `/connectors/${connector.id}/status`)).body.state).toBe('ok');
  });
});

describe('a connector', () => {
  const ADMIN = 'admin@acme.test';
  const body = { type: 'github', credentials: { kind: 'token', token: SECRET } };

  test('of a type is there once for a person, also where five ask at a time', async () => {
    expect((await call('POST', '/connectors', body)).status).toBe(409);
    await call('DELETE', `/connectors/${connector.id}`);
    const answers = await Promise.all(Array.from({ length: 5 }, () => call('POST', '/connectors', body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  test("of a person takes the place of the tenant's, with what that one has found, until it is deleted", async () => {
    await call('DELETE', `/connectors/${connector.id}`);
    vendor.put(ALICE, item('1'));
    const { body: shared, status } = await call('POST', '/connectors', body, undefined, ADMIN);
    expect(status).toBe(201);
    const servedBy = async () => {
      const database = gateway.app.get(Database, { strict: false });
      const rows = await database.system((tx) =>
        tx.query(`SELECT DISTINCT connector_id FROM connector_syncs WHERE user_id = 'alice'`),
      );
      return rows.map(({ connector_id: id }: { connector_id: string }) => id);
    };
    const syncs = gateway.app.get(Syncs, { strict: false });
    await syncs.syncNow('acme', shared.id, 'alice');
    expect([await servedBy(), await ids()]).toEqual([[shared.id], ['1']]);
    const { body: own } = await call('POST', '/connectors', body);
    expect(await servedBy()).toEqual([own.id]);
    await until('her own has read', async () => (await ids()).length === 1);
    await call('DELETE', `/connectors/${own.id}`);
    expect(await ids()).toEqual([]);
    await syncs.syncNow('acme', shared.id, 'alice');
    expect(await servedBy()).toEqual([shared.id]);
    await call('DELETE', `/connectors/${shared.id}`, undefined, undefined, ADMIN);
  });
});

describe('a sync', () => {
  test('brings in everything, then what has changed, and forgets what is gone', async () => {
    await settled();
    for (const id of ['1', '2', '3', '4', '5']) vendor.put(ALICE, item(id));
    expect(await sync()).toMatchObject({ connector: 'github', state: 'ok', items: 5 });
    vendor.drop(ALICE, '2');
    vendor.put(ALICE, item('6', { title: 'with \0 and \ud800' }));
    expect(await sync()).toMatchObject({ state: 'ok', items: 5 });
    expect(await ids()).toEqual(['1', '3', '4', '5', '6']);
  });

  test('that is full again removes what it has not seen', async () => {
    for (const id of ['1', '2', '3']) vendor.put(ALICE, item(id));
    await settled();
    await sync();
    vendor.account(ALICE).delete('2'); // without a word in the log
    const database = gateway.app.get(Database, { strict: false });
    await database.system((tx) => tx.query(`UPDATE connector_syncs SET cursor = 'at:999999'`));
    await sync();
    expect(await ids()).toEqual(['1', '3']);
  });

  test('that is cut goes on where it was, says how it stands, and removes nothing too early', async () => {
    for (const id of ['1', '2', '3', '4', '5']) vendor.put(ALICE, item(id));
    await settled();
    await sync();
    const database = gateway.app.get(Database, { strict: false });
    await database.system((tx) => tx.query(`UPDATE connector_syncs SET cursor = NULL`));
    let requests = 0;
    vendor.server.faults = () => (++requests > 1 ? { kind: 'status', status: 500 } : undefined);
    const cut = await sync();
    expect(cut).toMatchObject({ state: 'partial', reason: expect.stringContaining('answered 500'), items: 5 });
    vendor.server.faults = () => undefined;
    expect(await sync()).toMatchObject({ state: 'ok', items: 5 });
  });

  test('that is cut, and whose place is no longer known, removes also what the part before the cut had seen', async () => {
    for (const id of ['1', '2', '3', '4', '5']) vendor.put(ALICE, item(id));
    await settled();
    await sync();
    const database = gateway.app.get(Database, { strict: false });
    await database.system((tx) => tx.query(`UPDATE connector_syncs SET cursor = NULL`));
    let requests = 0;
    vendor.server.faults = () => (++requests > 1 ? { kind: 'status', status: 500 } : undefined);
    expect(await sync()).toMatchObject({ state: 'partial' });
    vendor.server.faults = () => undefined;
    vendor.account(ALICE).delete('1'); // seen before the cut, and gone without a word in the log
    vendor.forgetPages();
    expect(await sync()).toMatchObject({ state: 'ok', items: 4 });
    expect(await ids()).toEqual(['2', '3', '4', '5']);
  });

  test('that policy refuses says so without a stutter, and that nothing is broken', async () => {
    await settled();
    const policy = {
      ...{ scope: 'user', scopeId: 'alice', domain: 'integrations', name: 'No GitHub', version: '1.0.0' },
      ...{ status: 'active', content: 'connectors: { github: { enabled: false } }', changeReason: 'a test' },
    };
    const { body } = await call('POST', '/policies', policy, {}, 'admin@acme.test');
    expect(body.id).toEqual(expect.any(String));
    try {
      const { state, reason } = await sync();
      expect(state).toBe('unreachable');
      expect(reason).toMatch(/^[^:]*github[^:]* \(the integrations policy "No GitHub" 1\.0\.0 of user alice\)$/);
      const [status] = await gateway.app.get(ConnectedWork, { strict: false }).statusOf('acme', 'alice');
      expect(status).toMatchObject({ denied: true, reason });
    } finally {
      await call('DELETE', `/policies/${body.id}`, { changeReason: 'done' }, {}, 'admin@acme.test');
    }
  });

  test('of a system that is away says so in plain words, and when the last good one was', async () => {
    await settled();
    await sync();
    vendor.server.faults = () => ({ kind: 'reset' });
    const { state, reason, lastSync } = await sync();
    expect([state, reason]).toEqual(['unreachable', 'github: ended the connection']);
    expect(lastSync).toEqual(expect.any(String));
    expect(await work.statusOf('acme', 'alice')).toEqual([{ connector: 'github', state, reason, lastSync }]);
  });

  test('with refused credentials says what to do', async () => {
    await settled();
    vendor.server.revokeToken(SECRET);
    expect((await sync()).reason).toBe('github: refuses the credentials; connect it again');
    vendor.server.addToken(SECRET, ALICE);
  });

  test('of one person and system runs once at a time', async () => {
    await settled();
    vendor.server.faults = () => ({ kind: 'delay', ms: 100 });
    const syncs = gateway.app.get(Syncs, { strict: false });
    const results = await Promise.all([1, 2, 3].map(() => syncs.syncNow('acme', connector.id, 'alice')));
    expect(results.sort()).toEqual(['busy', 'busy', 'ok']);
  });

  test('whose process died is taken over when its lease ends', async () => {
    await settled();
    vendor.put(ALICE, item('after'));
    const database = gateway.app.get(Database, { strict: false });
    await database.system((tx) =>
      tx.query(`UPDATE connector_syncs SET lease_owner = 'dead', lease_until = now() + interval '1 second',
        next_sync_at = now() + interval '1 hour'`),
    );
    expect(await sync()).toMatchObject({ running: true });
    await until('somebody else has synced', async () => (await ids()).includes('after'));
  });

  test('leaves out what is more sensitive than policy lets through, and says so', async () => {
    await settled();
    vendor.put(ALICE, item('plain'));
    vendor.put(ALICE, item('key', { title: 'use AKIAIOSFODNN7EXAMPLE' }));
    vendor.put(ALICE, item('pay', { title: 'Salary review' }));
    expect(await sync()).toMatchObject({ state: 'partial', reason: expect.stringContaining('1 thing was left out') });
    const items = await work.itemsOf('acme', 'alice');
    expect(items.map(({ id, classification }) => [id, classification])).toEqual([
      ['pay', 'confidential'],
      ['plain', 'internal'],
    ]);
  });

  test('is in the audit log with what was looked at', async () => {
    vendor.put(ALICE, item('1'));
    await settled();
    const answer = await call('POST', `/connectors/${connector.id}/sync`, undefined, {
      'x-request-id': `sync-${connector.id}`,
    });
    expect(answer.status).toBe(200);
    const { body } = await call('GET', `/audit?requestId=sync-${connector.id}`);
    expect(
      body.items.map((entry: { actionType: string; actor: string }) => [entry.actionType, entry.actor]).sort(),
    ).toEqual([
      ['data_access', 'system'],
      ['policy_decision', 'system'],
    ]);
  });

  test('comes by itself, and refresh returns at its deadline', async () => {
    vendor.put(ALICE, item('1'));
    await until('the schedule has synced', async () => (await ids()).length === 1);
    const database = gateway.app.get(Database, { strict: false });
    await database.system((tx) => tx.query(`UPDATE connector_syncs SET last_sync = now() - interval '1 hour'`));
    vendor.server.faults = () => ({ kind: 'delay', ms: 4_000 });
    vendor.put(ALICE, item('2'));
    const began = performance.now();
    await work.refresh('acme', 'alice', { deadlineMs: 50 });
    expect(performance.now() - began).toBeLessThan(3_000);
    await until('it went on behind', async () => (await ids()).length === 2);
  });
});

describe('reads and writes', () => {
  test('answer with the label that holds, and are audited', async () => {
    const { status, body } = await call(
      ...(['POST', '/connectors/github/read', { resource: 'text', query: { text: 'Salary of Bob' } }] as const),
      { 'x-request-id': `read-${connector.id}` },
    );
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({ classification: 'confidential', result: { text: 'Salary of Bob' } }),
    ]);
    const audit = await call('GET', `/audit?requestId=read-${connector.id}&actionType=data_access`);
    expect(audit.body.items[0]).toMatchObject({
      dataAccessed: [{ source: 'github', classification: 'confidential', purpose: 'github_read' }],
      outcome: 'success',
    });
  });

  test('that show more than policy lets through are refused after all', async () => {
    const { body } = await call('POST', '/connectors/github/read', {
      resource: 'text',
      query: { text: 'AKIAIOSFODNN7EXAMPLE' },
    });
    expect(body).toMatchObject({ status: 403, code: 'forbidden', decisionId: expect.any(String) });
    expect(JSON.stringify(body)).not.toContain('AKIA');
  });

  test('a write is recorded before and after, and happens once under an Idempotency-Key', async () => {
    const write = () =>
      call(
        'POST',
        '/connectors/github/write',
        { action: 'note', text: 'hello' },
        {
          'idempotency-key': `k-${connector.id}`,
          'x-request-id': `write-${connector.id}`,
        },
      );
    expect([(await write()).status, (await write()).status]).toEqual([200, 200]);
    expect(vendor.server.written.map(({ detail }) => detail)).toEqual([{ text: 'hello' }]);
    const { body } = await call('GET', `/audit?requestId=write-${connector.id}&actionType=tool_invocation`);
    expect(body.items.map((entry: { actionDetail: { phase: string } }) => entry.actionDetail.phase).sort()).toEqual([
      'intent',
      'outcome',
    ]);
  });

  test('what a person has to approve says which decision, and does not run', async () => {
    const { body } = await call('POST', '/connectors/github/write', { action: 'forbidden' });
    expect(body).toMatchObject({
      status: 403,
      decision: 'require_approval',
      detail: expect.stringContaining('approve'),
    });
  });

  test('a system that is away is 503 with Retry-After', async () => {
    vendor.server.faults = () => ({ kind: 'status', status: 429, headers: { 'retry-after': '300' } });
    const { status, headers, body } = await call('POST', '/connectors/github/read', {
      resource: 'text',
      query: { text: 'a' },
    });
    expect([status, body.code]).toEqual([503, 'connector_unavailable']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(290);
  });

  test('an assistant reads for those it acts for, and for nobody else', async () => {
    const token = (
      await call('POST', '/agent-tokens', { name: 'x', userIds: ['alice', 'carol'] }, {}, 'admin@acme.test')
    ).body.token;
    const read = (userId?: string) =>
      call(
        'POST',
        '/connectors/github/read',
        { resource: 'text', query: { text: 'a' }, ...(userId ? { subject: { userId } } : {}) },
        {},
        token,
      );
    expect([
      (await read('alice')).status,
      (await read('bob')).status,
      (await read()).status,
      (await read('carol')).status,
    ]).toEqual([200, 403, 400, 404]);
  });

  test('ConnectedWork writes for a person without a caller', async () => {
    await expect(work.write({ tenantId: 'acme', userId: 'alice' }, 'github', 'note', { text: 'n' })).resolves.toEqual({
      ok: true,
    });
    await expect(
      work.write({ tenantId: 'acme', userId: 'bob' }, 'github', 'note', { text: 'n' }),
    ).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a webhook', () => {
  const deliver = (headers: Record<string, string>, body = '{"action":"opened"}') =>
    fetch(`${gateway.url}/api/v1/webhooks/${connector.id}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  const signed = (id: string, body = '{"action":"opened"}') => ({
    'x-github-delivery': id,
    'x-hub-signature-256': signatureOf(connector.webhookSecret, Buffer.from(body)),
  });

  test('with a good signature hastens the sync; a copy of it has no second effect', async () => {
    await settled();
    await sync();
    vendor.put(ALICE, item('hooked'));
    expect((await deliver(signed('d1'))).status).toBe(202);
    await until('it was synced', async () => (await ids()).includes('hooked'));
    const before = (await call('GET', `/connectors/${connector.id}/status`)).body.lastTry;
    expect((await deliver(signed('d1'))).status).toBe(202);
    await new Promise((resume) => setTimeout(resume, 2_500));
    expect((await call('GET', `/connectors/${connector.id}/status`)).body.lastTry).toBe(before);
  });

  test.each([
    ['no signature', {}],
    ['a wrong one', { 'x-hub-signature-256': 'sha256=00', 'x-github-delivery': 'x' }],
  ])('with %s is refused before its body is read', async (_what, headers) => {
    expect((await deliver(headers as Record<string, string>, '{not json')).status).toBe(401);
  });

  test('that comes too often is turned away, with when to come back', async () => {
    const answers = await Promise.all(Array.from({ length: 25 }, () => deliver({})));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array<number>(20).fill(401), ...Array<number>(5).fill(429)]);
    const late = answers.find(({ status }) => status === 429)!;
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('of a body that was changed is refused', async () => {
    expect((await deliver(signed('d2'), '{"action":"closed"}')).status).toBe(401);
  });
});
