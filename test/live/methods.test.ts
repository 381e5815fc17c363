import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Approvals } from '#approvals';
import { Database } from '#libs/database';
import { Settlements } from '../../src/approvals/settlements.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';
import { agentToken, LiveClient } from './client.ts';

let gateway: TestGateway;
let alice: LiveClient;
let assistant: LiveClient;
beforeAll(async () => {
  gateway = await startTestGateway();
  alice = await LiveClient.connect(gateway, 'alice@acme.test', { instanceId: 'laptop' });
  const { token } = await agentToken(gateway, ['alice', 'bob']);
  assistant = await LiveClient.connect(gateway, token, { userId: 'alice', instanceId: 'phone' });
});
afterAll(() => gateway?.stop());

describe('policy.evaluate', () => {
  const question = { action: 'email_read', resource: { connector: 'gmail', classification: 'internal' } };

  test('decides as the HTTP route does, and the decision is in the log', async () => {
    const { ok, payload } = await alice.request('policy.evaluate', question);
    expect(ok).toBe(true);
    const { body } = await gateway.call('alice@acme.test', 'POST', '/api/v1/policy/evaluate', question);
    expect({ ...payload, decisionId: '' }).toEqual({ ...body, decisionId: '' });
    const explained = await gateway.call('alice@acme.test', 'GET', `/api/v1/policy/decisions/${payload.decisionId}`);
    expect(explained.status).toBe(200);
  });

  test('an assistant that names nobody asks for the person it is connected for', async () => {
    const { payload } = await assistant.request('policy.evaluate', question);
    expect(payload.decision).toBe('allow');
    const { body } = await gateway.call('admin@acme.test', 'GET', `/api/v1/audit/${payload.decisionId}`);
    expect(body).toMatchObject({ userId: 'alice', actor: expect.stringMatching(/^agent:/) });
  });

  test('a person may not ask for somebody else', async () => {
    const { error } = await alice.request('policy.evaluate', { ...question, subject: { userId: 'bob' } });
    expect(error.code).toBe('forbidden');
  });

  test('names each field that is wrong', async () => {
    const { error } = await alice.request('policy.evaluate', { action: 'no spaces please', resource: { type: 7 } });
    expect(error.code).toBe('validation_failed');
    expect(error.errors.map(({ path }: { path: string }) => path)).toEqual(['action', 'resource.type']);
  });
});

describe('audit.append', () => {
  const entry = { actionType: 'tool_invocation', actionDetail: { tool: 'x' }, outcome: 'success' };

  test('stores one entry or many, and answers when they are durable', async () => {
    const one = await alice.request('audit.append', entry);
    const many = await assistant.request('audit.append', { entries: [entry, entry] });
    expect([one.payload.ids.length, many.payload.ids.length]).toEqual([1, 2]);
    for (const id of [...one.payload.ids, ...many.payload.ids]) {
      const { body } = await gateway.call('admin@acme.test', 'GET', `/api/v1/audit/${id}`);
      expect(body).toMatchObject({ userId: 'alice', actionDetail: { tool: 'x' } });
    }
  });

  test('nobody writes about somebody else, or into another tenant', async () => {
    expect((await alice.request('audit.append', { ...entry, userId: 'bob' })).error.code).toBe('forbidden');
    expect((await assistant.request('audit.append', { ...entry, tenantId: 'globex' })).error.code).toBe('forbidden');
    expect((await assistant.request('audit.append', { ...entry, userId: 'carol' })).error.code).toBe('forbidden');
  });
});

describe('approvals.decide', () => {
  // Whoever owns answers has nothing to do here.
  beforeAll(() => {
    gateway.app.get(Settlements, { strict: false }).owners.set('reply', { settled: async () => undefined });
  });
  const ask = () => {
    const approvals = gateway.app.get(Approvals, { strict: false });
    const proposal = { to: ['bob@acme.test'], subject: 'Re: lunch', text: 'At noon.' };
    const wanted = { kind: 'reply', subject: 'Lunch', proposal, classification: 'internal' } as const;
    return gateway.app
      .get(Database)
      .tenant('acme', (tx) => approvals.request(tx, { tenantId: 'acme', userId: 'alice', ...wanted }))
      .then((approval) => {
        approvals.announce(approval);
        return approval;
      });
  };

  test('is a person’s word, of which all of their connections are told', async () => {
    const { id } = await ask();
    await until('it is asked', () => alice.events.some(({ payload }) => payload.id === id));
    const { ok, payload } = await alice.request('approvals.decide', { id, approve: false, reason: 'not today' });
    expect(ok).toBe(true);
    expect(payload).toMatchObject({ id, status: 'rejected', decidedBy: 'user:alice', reason: 'not today' });
    for (const client of [alice, assistant]) {
      await until('it is told', () =>
        client.events.some((frame) => frame.event === 'approval.decided' && frame.payload.id === id),
      );
    }
    expect((await alice.request('approvals.decide', { id, approve: true })).error.code).toBe('conflict');
  });

  test('is not for assistants, nor for somebody else', async () => {
    const { id } = await ask();
    expect((await assistant.request('approvals.decide', { id, approve: true })).error.code).toBe('forbidden');
    const eve = await LiveClient.connect(gateway, 'eve@globex.test');
    expect((await eve.request('approvals.decide', { id, approve: true })).error.code).toBe('not_found');
    expect((await alice.request('approvals.decide', { id, approve: 'yes' })).error.code).toBe('validation_failed');
    expect((await alice.request('approvals.decide', { id, approve: true, reason: 'x' })).error.code).toBe(
      'validation_failed',
    );
    await eve.end();
  });
});

describe('sessions_send', () => {
  const envelope = (userId: string, orgUnit: string, conversation: string, round: number) => ({
    ...{
      version: '1.0',
      message_type: 'agent-generated',
      classification: 'internal',
      exchange_type: 'information_query',
    },
    source_agent: { instance_id: `${userId}-laptop`, user_id: userId, org_unit: orgUnit, tenant_id: 'acme' },
    ...{ conversation_id: conversation, exchange_round: round },
  });

  test('brings a message to the other person, and the answer back', async () => {
    const bob = await LiveClient.connect(gateway, (await agentToken(gateway, ['bob'])).token);
    const olga = await LiveClient.connect(gateway, 'olga@acme.test');
    const asked = await bob.request('sessions_send', {
      ...{
        to: { userId: 'olga' },
        message: 'Which week is the audit?',
        envelope: envelope('bob', 'engineering', 'live-1', 1),
      },
    });
    expect(asked).toMatchObject({ ok: true, payload: { outcome: 'in_progress', round: 1 } });
    await until('it is there', () => olga.events.length > 0);
    expect(olga.events[0]).toMatchObject({
      event: 'session.message',
      payload: { message: { text: 'Which week is the audit?' } },
    });
    const answered = await olga.request('sessions_send', {
      ...{
        to: { userId: 'bob' },
        message: 'The second of December.',
        envelope: envelope('olga', 'engineering', 'live-1', 2),
      },
    });
    expect(answered.payload).toMatchObject({ exchangeId: asked.payload.exchangeId, round: 2 });
    await until('the answer is there', () => bob.events.length > 0);
    expect(bob.events[0]!.payload.message.text).toBe('The second of December.');
    await Promise.all([bob.end(), olga.end()]);
  });

  test('nobody speaks as somebody else, to nobody or into another tenant', async () => {
    const send = (userId: string, as: string) =>
      assistant.request('sessions_send', {
        ...{ to: { userId }, message: 'Hello', envelope: envelope(as, 'engineering', `live-${userId}-${as}`, 1) },
      });
    expect((await send('olga', 'bob')).error.code).toBe('forbidden');
    expect((await send('nobody', 'alice')).error.code).toBe('not_found');
    expect((await send('dave', 'alice')).error.code).toBe('not_found');
  });
});

test('sessions.list shows the instances of the same person, and nobody else’s', async () => {
  const bob = await LiveClient.connect(gateway, 'bob@acme.test', { instanceId: 'bobs' });
  const { payload } = await alice.request('sessions.list');
  expect(payload.sessions).toHaveLength(2);
  expect(payload.sessions).toEqual(
    expect.arrayContaining([
      { instanceId: 'laptop', connectedAt: expect.stringMatching(/Z$/), current: true },
      { instanceId: 'phone', connectedAt: expect.stringMatching(/Z$/), current: false },
    ]),
  );
  await bob.end();
});

test('ping tells the time', async () => {
  const { payload } = await alice.request('ping', {});
  expect(Math.abs(Date.parse(payload.at) - Date.now())).toBeLessThan(60_000);
});

test('a method that there is not is answered with those that there are', async () => {
  const { error } = await alice.request('policy.guess');
  expect(error.code).toBe('not_found');
  for (const name of ['policy.evaluate', 'audit.append', 'approvals.decide', 'sessions_send', 'sessions.list', 'ping'])
    expect(error.message).toContain(name);
  expect(error.requestId).toMatch(/^[0-9a-f-]{36}$/);
});

test('a frame that cannot be read is answered, and the connection lives on', async () => {
  for (const [frame, id] of [
    ['nonsense', null],
    ['{"type":"req","id":"twice","id":"twice","method":"ping"}', null],
    ['{"type":"res","id":"a","method":"ping"}', 'a'],
    ['{"type":"req","id":"b","method":"ping","params":[]}', 'b'],
    ['{"type":"req","id":"","method":"ping"}', null],
    ['{"type":"req","id":"c"}', 'c'],
    [`{"type":"req","id":"d","method":"ping","params":${'{"a":'.repeat(40)}1${'}'.repeat(41)}`, null],
  ] as const) {
    const n = alice.frames.length;
    alice.ws.send(frame);
    expect((await alice.request('ping')).ok).toBe(true);
    expect(alice.frames[n]).toMatchObject({ id, ok: false, error: { code: 'validation_failed' } });
  }
});
