import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { RATE_LIMIT_STATUS: '5' } });
});
afterAll(() => gateway?.stop());

const alice = 'alice@acme.test';
const admin = 'admin@acme.test';
const evaluate = '/api/v1/policy/evaluate';

describe('errors', () => {
  test('are problem documents with code and request id, never a stack trace', async () => {
    const { status, headers, body } = await gateway.call(alice, 'POST', evaluate, { action: 7 });
    expect(status).toBe(400);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ status: 400, code: 'validation_failed', errors: [{ path: 'action' }] });
    expect(body.requestId).toBe(headers.get('x-request-id'));
    expect(JSON.stringify(body)).not.toMatch(/\bat .*\.(ts|js):/);
  });

  test.each([
    ['no JSON', '{"action":', 400, 'validation_failed'],
    ['an empty body', '', 400, 'validation_failed'],
    ['a NUL character', '{"action":"a\\u0000b"}', 400, 'validation_failed'],
    ['half of a surrogate pair', '{"action":"\\ud800"}', 400, 'validation_failed'],
    ['a prototype key', '{"__proto__":{"x":1},"action":"a"}', 400, 'validation_failed'],
    ['a body that is too large', `{"action":"${'a'.repeat(1_100_000)}"}`, 413, 'body_too_large'],
    ['deep nesting', `{"action":"a","context":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`, 400, 'validation_failed'],
  ])('%s', async (_what, text, status, code) => {
    const answer = await gateway.call(alice, 'POST', evaluate, text);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  test('invalid UTF-8 is refused', async () => {
    const response = await fetch(gateway.url + evaluate, {
      method: 'POST',
      headers: { authorization: `Bearer ${await gateway.token(alice)}`, 'content-type': 'application/json' },
      body: Buffer.from([...Buffer.from('{"action":"'), 0xc3, 0x28, ...Buffer.from('"}')]),
    });
    expect(response.status).toBe(400);
  });

  test('another content type is refused', async () => {
    const answer = await gateway.call(alice, 'POST', evaluate, '{"action":"a"}', { 'content-type': 'text/plain' });
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
  });

  test('an address that does not exist is a problem document too', async () => {
    const answer = await gateway.call(alice, 'GET', '/api/v1/nothing/here');
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
  });
});

describe('request ids', () => {
  test('a given one is taken, returned and recorded', async () => {
    const answer = await gateway.call(alice, 'POST', evaluate, { action: 'email_read' }, { 'x-request-id': 'my-id-1' });
    expect(answer.headers.get('x-request-id')).toBe('my-id-1');
    const { body } = await gateway.call(alice, 'GET', '/api/v1/audit?requestId=my-id-1');
    expect(body.items.map((entry: { id: string }) => entry.id)).toEqual([answer.body.decisionId]);
  });

  test('one that is no id is replaced', async () => {
    const answer = await gateway.call(alice, 'GET', '/api/v1/auth/userinfo', undefined, { 'x-request-id': 'a b"c' });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('Idempotency-Key', () => {
  const token = (name: string, key: string) =>
    gateway.call(admin, 'POST', '/api/v1/agent-tokens', { name, userIds: ['alice'] }, { 'idempotency-key': key });

  test('the same key and body give the first answer again, and one thing is made', async () => {
    const first = await token('once', 'key-1');
    const again = await token('once', 'key-1');
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const { body } = await gateway.call(admin, 'GET', '/api/v1/agent-tokens');
    expect(body.items.filter((item: { name: string }) => item.name === 'once')).toHaveLength(1);
  });

  test('the same key with another body is 422', async () => {
    await token('a', 'key-2');
    expect(await token('b', 'key-2')).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });

  test('the same key of another caller is another key', async () => {
    const entry = { actionType: 'tool_invocation', actionDetail: 'x', outcome: 'success' };
    const key = { 'idempotency-key': 'shared' };
    const one = await gateway.call(alice, 'POST', '/api/v1/audit', entry, key);
    const two = await gateway.call('eve@globex.test', 'POST', '/api/v1/audit', entry, key);
    expect(one.body.ids).not.toEqual(two.body.ids);
  });

  test('racing calls with one key do the thing once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => token('race', 'key-3')));
    expect(answers.every((answer) => [201, 409].includes(answer.status))).toBe(true);
    const { body } = await gateway.call(admin, 'GET', '/api/v1/agent-tokens');
    expect(body.items.filter((item: { name: string }) => item.name === 'race')).toHaveLength(1);
  });

  test('a call that failed may be repeated', async () => {
    expect((await token('', 'key-4')).status).toBe(400);
    expect((await token('fine now', 'key-4')).status).toBe(201);
  });

  test('audit entries of a repeated call have the same ids', async () => {
    const entries = {
      entries: Array.from({ length: 3 }, (_, i) => ({
        actionType: 'tool_invocation',
        actionDetail: { i },
        outcome: 'success',
      })),
    };
    const key = { 'idempotency-key': 'audit-1', 'x-request-id': 'audit-1' };
    const one = await gateway.call(alice, 'POST', '/api/v1/audit', entries, key);
    const two = await gateway.call(alice, 'POST', '/api/v1/audit', entries, key);
    expect(two.body).toEqual(one.body);
    expect((await gateway.call(alice, 'GET', '/api/v1/audit?requestId=audit-1')).body.items).toHaveLength(3);
  });

  test('a key that is none is refused', async () => {
    expect(await token('x', 'a b')).toMatchObject({ status: 400, body: { errors: [{ path: 'Idempotency-Key' }] } });
  });

  test('neither the key nor the answer can be read in the table', async () => {
    const { body } = await token('sealed', 'key-5-which-is-secret');
    const rows: { text: string }[] = await gateway.app
      .get((await import('#libs/database')).Database)
      .tenant('acme', (tx) => tx.query(`SELECT idempotency_keys::text AS text FROM idempotency_keys`));
    const table = rows.map((row) => row.text).join('\n');
    const hex = (text: string) => Buffer.from(text).toString('hex');
    for (const secret of ['key-5-which-is-secret', body.token as string]) {
      expect(table).not.toContain(secret);
      expect(table).not.toContain(hex(secret));
    }
  });
});

test('over the limit: 429 with Retry-After, counted for each tenant apart', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => gateway.call('dave@globex.test', 'GET', '/api/v1/status')),
  );
  const limited = answers.filter((answer) => answer.status === 429);
  expect(limited.length).toBeGreaterThanOrEqual(3);
  expect(Number(limited[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(limited[0]!.body.code).toBe('rate_limited');
  expect((await gateway.call(alice, 'GET', '/api/v1/status')).status).toBe(200);
});

test('answers carry security headers and are not cached', async () => {
  const { headers } = await gateway.call(alice, 'GET', '/api/v1/auth/userinfo');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('cache-control')).toBe('no-store');
});

test('the API page and its document are served', async () => {
  expect((await gateway.call(null, 'GET', '/docs')).status).toBe(200);
  const { body } = await gateway.call(null, 'GET', '/openapi.json');
  expect(body.openapi).toMatch(/^3\.1/);
});

test('metrics are on their own port and name what exists', async () => {
  expect((await gateway.call(null, 'GET', '/metrics')).status).toBe(404);
  await gateway.call(alice, 'POST', evaluate, { action: 'email_read' });
  const { MetricsServer } = await import('#libs/telemetry');
  const text = await (await fetch(`http://127.0.0.1:${gateway.app.get(MetricsServer).port}/metrics`)).text();
  for (const name of [
    'http_server_request_duration_seconds',
    'policy_evaluation_duration_seconds',
    'policy_evaluations_total{decision="allow"}',
    'policy_evaluation_failures_total',
    'policy_revision_wanted',
    'policy_revision_active',
    'policy_propagation_seconds',
    'audit_append_duration_seconds',
    'audit_entries_total',
    'audit_append_failures_total',
    'audit_gaps',
    'audit_queue_depth',
    'db_pool_connections{state="idle"}',
    'db_query_duration_seconds',
    'nodejs_eventloop_lag_seconds',
  ]) {
    expect(text).toContain(name);
  }
});
