import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

/** Requests and answers in the shapes of the AuthZEN Authorization API 1.0, whose examples these are with our actions. */
let gateway: TestGateway;
let agent: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  const admin = 'admin@acme.test';
  const { body } = await gateway.call(admin, 'POST', '/api/v1/agent-tokens', { name: 'pep', userIds: '*' });
  agent = body.token;
});
afterAll(() => gateway?.stop());

const alice = { type: 'user', id: 'alice' };
const todo = { type: 'todo', id: '1' };
const time = { time: '1985-10-26T01:22-07:00' };
const [read, notify, send, shell] = ['email_read', 'calendar_create_event', 'email_send', 'shell_exec'].map((name) => ({
  name,
}));

const one = (body: unknown, headers?: Record<string, string>, who: string | null = agent) =>
  gateway.call(who, 'POST', '/access/v1/evaluation', body, headers);
const many = (body: unknown, who = agent) => gateway.call(who, 'POST', '/access/v1/evaluations', body);
const decisions = (body: { evaluations: { decision: boolean }[] }) => body.evaluations.map((e) => e.decision);

describe('Access Evaluation', () => {
  test.each([
    [read, true, 'allow', 'autonomous'],
    [notify, true, 'allow', 'notify'],
    [send, false, 'require_approval', 'approve'],
    [shell, false, 'deny', 'block'],
  ])('%j is answered with %s', async (action, decision, ours, autonomy) => {
    const { status, headers, body } = await one({ subject: alice, resource: todo, action, context: time });
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringMatching(/^application\/json/)]);
    expect(body).toMatchObject({
      decision,
      context: {
        decisionId: expect.stringMatching(/^[0-9A-Z]{26}$/),
        decision: ours,
        autonomy,
        reason_admin: { [decision ? '200' : '403']: expect.any(String) },
        reason_user: { [decision ? '200' : '403']: expect.any(String) },
        obligations: { notify: autonomy === 'notify' },
      },
    });
  });

  test('what users may see names no policy', async () => {
    const { body } = await one({ subject: alice, resource: todo, action: shell });
    expect(body.context.reason_admin['403']).toMatch(/policy/);
    expect(body.context.reason_user['403']).not.toMatch(/policy|acme/);
  });

  test('the whole request is in the record: properties, attributes and context', async () => {
    const { body } = await one({
      subject: { ...alice, properties: { department: 'Sales', roles: ['enterprise_admin'] } },
      action: { name: 'email_read', properties: { method: 'GET' } },
      resource: { ...todo, properties: { connector: 'gmail', classification: 'internal', owner: { name: 'x' } } },
      context: time,
    });
    const { body: record } = await gateway.call(agent, 'GET', `/api/v1/policy/decisions/${body.context.decisionId}`);
    expect(record.asked).toMatchObject({
      subject: { userId: 'alice' },
      action: 'email_read',
      resource: {
        type: 'todo',
        id: '1',
        connector: 'gmail',
        classification: 'internal',
        attributes: { owner: { name: 'x' } },
      },
      context: { ...time, actionProperties: { method: 'GET' } },
    });
    expect(JSON.stringify(record)).not.toContain('Sales');
  });

  test.each([
    ['nobody knows', { type: 'user', id: 'alice@acmecorp.com' }],
    ['of another tenant', { type: 'user', id: 'dave' }],
    ['of another type', { type: 'service', id: 'alice' }],
  ])('a subject %s is denied, with 200 and a record', async (_what, subject) => {
    const { status, body } = await one({ subject, resource: todo, action: read });
    expect(status).toBe(200);
    expect(body).toMatchObject({ decision: false, context: { reason: 'unknown_subject' } });
    const { body: entry } = await gateway.call('admin@acme.test', 'GET', `/api/v1/audit/${body.context.decisionId}`);
    expect(entry).toMatchObject({ actionType: 'policy_decision', policyResult: 'deny', outcome: 'denied' });
  });

  test('a person asks for themselves only', async () => {
    const own = await one({ subject: alice, resource: todo, action: read }, {}, 'alice@acme.test');
    expect([own.status, own.body.decision]).toEqual([200, true]);
    const other = await one({ subject: alice, resource: todo, action: read }, {}, 'admin@acme.test');
    expect(other).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });

  test('members nobody knows are ignored', async () => {
    const body = { subject: { ...alice, x: 1 }, resource: { ...todo, y: [] }, action: { ...read, z: {} }, later: true };
    expect(await one(body)).toMatchObject({ status: 200, body: { decision: true } });
  });

  test.each([
    ['subject', { resource: todo, action: read }],
    ['action', { subject: alice, resource: todo }],
    ['resource', { subject: alice, action: read }],
    ['subject.id', { subject: { type: 'user' }, resource: todo, action: read }],
    ['subject.type', { subject: { id: 'alice' }, resource: todo, action: read }],
    ['action.name', { subject: alice, resource: todo, action: { name: 5 } }],
    ['action.name', { subject: alice, resource: todo, action: { name: 'no spaces please' } }],
    ['resource.properties', { subject: alice, resource: { ...todo, properties: 'none' }, action: read }],
    [
      'resource.properties.connector',
      { subject: alice, resource: { ...todo, properties: { connector: 7 } }, action: read },
    ],
    ['context', { subject: alice, resource: todo, action: read, context: 'now' }],
    ['context.feature', { subject: alice, resource: todo, action: read, context: { feature: 3 } }],
  ])('without a right %s it is a bad request that names it', async (path, body) => {
    const answer = await one(body);
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  test('a caller who is nobody gets 401 with the scheme, before anything is looked at', async () => {
    const answer = await one({ nothing: 'right' }, {}, null);
    expect([answer.status, answer.body.code]).toEqual([401, 'authentication_required']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  test.each([
    ['an UUID', 'bfe9eb29-ab87-4ca3-be83-a1d5d8305716'],
    ['any string', 'trace=7; span="a b/c"'],
    ['a very long one', 'x'.repeat(4_000)],
  ])('X-Request-ID comes back as it was given: %s', async (_what, id) => {
    const headers = { 'x-request-id': id };
    expect((await one({ subject: alice, resource: todo, action: read }, headers)).headers.get('x-request-id')).toBe(id);
    expect((await one({}, headers)).headers.get('x-request-id')).toBe(id);
    expect((await one({}, headers, null)).headers.get('x-request-id')).toBe(id);
  });
});

describe('Access Evaluations', () => {
  test('without "evaluations", or with none, it is a single evaluation', async () => {
    const single = { subject: alice, resource: todo, action: read };
    for (const body of [single, { ...single, evaluations: [] }]) {
      const answer = await many(body);
      expect(answer).toMatchObject({ status: 200, body: { decision: true, context: { autonomy: 'autonomous' } } });
      expect(answer.body).not.toHaveProperty('evaluations');
    }
    expect(await many({ subject: alice, evaluations: [] })).toMatchObject({ status: 400 });
  });

  test('what stands at the top holds where an evaluation does not say otherwise', async () => {
    const { status, body } = await many({
      subject: alice,
      context: { time: '2024-05-31T15:22-07:00' },
      action: read,
      evaluations: [
        { resource: { type: 'document', id: 'boxcarring.md' } },
        { action: shell, resource: { type: 'document', id: 'resource-search.md' } },
        { subject: { type: 'user', id: 'nobody' }, resource: todo },
        { resource: todo, context: { channel: 'chat' } },
      ],
    });
    expect(status).toBe(200);
    expect(body).not.toHaveProperty('decision');
    expect(decisions(body)).toEqual([true, false, false, true]);
    expect(body.evaluations[2].context.reason).toBe('unknown_subject');
    const { body: last } = await gateway.call(
      agent,
      'GET',
      `/api/v1/policy/decisions/${body.evaluations[3].context.decisionId}`,
    );
    expect(last.asked.context).toEqual({ channel: 'chat' });
  });

  test('each evaluation may be whole by itself', async () => {
    const whole = { subject: alice, action: read, resource: todo, context: time };
    expect(decisions((await many({ evaluations: [whole, { ...whole, action: send }] })).body)).toEqual([true, false]);
  });

  const three = (actions: unknown[], semantic?: string) =>
    many({
      subject: alice,
      resource: todo,
      ...(semantic ? { options: { evaluations_semantic: semantic, another_option: 'value' } } : {}),
      evaluations: actions.map((action) => ({ action })),
    });

  test('execute_all is the default and executes all, in order', async () => {
    for (const semantic of [undefined, 'execute_all']) {
      expect(decisions((await three([read, shell, notify], semantic)).body)).toEqual([true, false, true]);
    }
  });

  test('deny_on_first_deny ends with the first denial, and says so', async () => {
    const { body } = await three([read, send, notify], 'deny_on_first_deny');
    expect(decisions(body)).toEqual([true, false]);
    expect(body.evaluations[1].context).toMatchObject({ code: '200', reason: 'deny_on_first_deny' });
    expect(decisions((await three([read, notify], 'deny_on_first_deny')).body)).toEqual([true, true]);
  });

  test('permit_on_first_permit ends with the first permit', async () => {
    expect(decisions((await three([shell, read, notify], 'permit_on_first_permit')).body)).toEqual([false, true]);
    expect(decisions((await three([shell, send], 'permit_on_first_permit')).body)).toEqual([false, false]);
  });

  test('what a short-circuit leaves out is not in the record', async () => {
    const actions = [{ name: 'shell_left' }, { name: 'shell_out' }];
    await many({
      subject: alice,
      resource: todo,
      evaluations: [{ action: shell }, ...actions.map((action) => ({ action }))],
      options: { evaluations_semantic: 'deny_on_first_deny' },
    });
    const { body } = await gateway.call('admin@acme.test', 'GET', '/api/v1/audit?q=shell_left');
    expect(body.items).toEqual([]);
  });

  test.each([
    ['evaluations.1.resource', { evaluations: [{ resource: todo }, {}] }],
    ['evaluations.0.action.name', { evaluations: [{ resource: todo, action: { name: ' ' } }] }],
    ['evaluations', { evaluations: {} }],
    ['evaluations', { resource: todo, evaluations: Array(101).fill({}) }],
    ['options.evaluations_semantic', { resource: todo, evaluations: [{}], options: { evaluations_semantic: 'any' } }],
  ])('a fault at %s is a bad request for the whole', async (path, body) => {
    const answer = await many({ subject: alice, action: read, ...body });
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, path]);
  });
});

test('the metadata names the decision point and the endpoints that exist, for everybody', async () => {
  const { status, headers, body } = await gateway.call(null, 'GET', '/.well-known/authzen-configuration');
  expect([status, headers.get('content-type')]).toEqual([200, expect.stringMatching(/^application\/json/)]);
  expect(headers.get('cache-control')).toMatch(/max-age/);
  expect(body).toEqual({
    policy_decision_point: gateway.url,
    access_evaluation_endpoint: `${gateway.url}/access/v1/evaluation`,
    access_evaluations_endpoint: `${gateway.url}/access/v1/evaluations`,
  });
});
