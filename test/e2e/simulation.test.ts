import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

let gateway: TestGateway;
const recorded: Record<string, string> = {};
const admin = 'admin@acme.test';

beforeAll(async () => {
  gateway = await startTestGateway();
  const { body } = await gateway.call(admin, 'POST', '/api/v1/agent-tokens', { name: 'all', userIds: '*' });
  const agent = body.token as string;
  for (const [key, userId, action] of [
    ['aliceRead', 'alice', 'email_read'],
    ['aliceSend', 'alice', 'email_send'],
    ['aliceEvent', 'alice', 'calendar_create_event'],
    ['bobEvent', 'bob', 'calendar_create_event'],
    ['carolEvent', 'carol', 'calendar_create_event'],
    ['nobody', 'nobody', 'calendar_create_event'],
  ] as const) {
    recorded[key] = (await decide(agent, { action, subject: { userId } })).decisionId;
  }
  recorded.dave = (await decide('dave@globex.test', { action: 'calendar_create_event' })).decisionId;
});
afterAll(() => gateway?.stop());

const decide = async (who: string, body: unknown) =>
  (await gateway.call(who, 'POST', '/api/v1/policy/evaluate', body)).body;
const simulate = (who: string, body: unknown) => gateway.call(who, 'POST', '/api/v1/policies/simulate', body);
const blocking = (scope: string, scopeId: string, action = 'calendar_create_event') => ({
  scope,
  scopeId,
  domain: 'actions',
  content: `actions:\n  ${action}: block\n`,
});
const idsOf = (body: { items: { decisionId: string }[] }) => body.items.map(({ decisionId }) => decisionId).sort();
const known = (...keys: string[]) => keys.map((key) => recorded[key]!).sort();

describe('POST /policies/simulate', () => {
  test('lists exactly the recorded decisions that the draft would flip, and how', async () => {
    const { status, body } = await simulate(admin, { draft: blocking('enterprise', 'acme') });
    expect(status).toBe(200);
    expect(idsOf(body)).toEqual(known('aliceEvent', 'bobEvent', 'carolEvent'));
    expect(body).toMatchObject({ examined: 5, flipped: 3 });
    const alice = body.items.find((item: { userId: string }) => item.userId === 'alice');
    expect(alice).toMatchObject({
      action: 'calendar_create_event',
      before: { decision: 'allow', autonomy: 'notify' },
      after: { decision: 'deny', autonomy: 'block' },
      reason: expect.stringMatching(/Draft/),
    });
  });

  test('a changed autonomy is a flip as well, though the decision stays', async () => {
    const draft = { ...blocking('user', 'alice'), content: 'actions:\n  email_read: notify\n' };
    const { body } = await simulate(admin, { draft });
    expect(body.items).toEqual([
      expect.objectContaining({
        decisionId: recorded.aliceRead,
        before: { decision: 'allow', autonomy: 'autonomous' },
        after: { decision: 'allow', autonomy: 'notify' },
      }),
    ]);
  });

  test.each([
    ['org', 'engineering', 4, ['aliceEvent', 'bobEvent']],
    ['team', 'web', 1, ['bobEvent']],
    ['user', 'carol', 1, ['carolEvent']],
  ])('at %s %s only decisions of its people are tried', async (scope, scopeId, examined, flipped) => {
    const { body } = await simulate(admin, { draft: blocking(scope, scopeId) });
    expect(body.examined).toBe(examined);
    expect(idsOf(body)).toEqual(known(...flipped));
  });

  test('a draft that changes nothing flips none', async () => {
    const { body } = await simulate(admin, { draft: blocking('enterprise', 'acme', 'never_asked') });
    expect(body).toEqual({ examined: 5, flipped: 0, items: [] });
  });

  test('a draft that replaces a policy is tried without the one that it replaces', async () => {
    const { body: policy } = await gateway.call(admin, 'POST', '/api/v1/policies', {
      ...blocking('user', 'bob'),
      name: 'Strict',
      version: '1.0.0',
      changeReason: 'a test',
      status: 'active',
    });
    const loose = blocking('user', 'bob', 'never_asked');
    expect((await simulate(admin, { draft: loose })).body).toMatchObject({ examined: 1, flipped: 0 });
    const { body } = await simulate(admin, { draft: { ...loose, policyId: policy.id } });
    expect(body.items).toEqual([
      expect.objectContaining({
        decisionId: recorded.bobEvent,
        before: { decision: 'deny', autonomy: 'block' },
        after: { decision: 'allow', autonomy: 'notify' },
      }),
    ]);
    const elsewhere = await simulate(admin, { draft: { ...blocking('user', 'alice'), policyId: policy.id } });
    expect([elsewhere.status, elsewhere.body.errors[0].path]).toEqual([400, 'draft.policyId']);
    await gateway.call(admin, 'DELETE', `/api/v1/policies/${policy.id}`, { changeReason: 'done' });
  });

  test('decides nothing and writes nothing: the draft is nowhere afterwards', async () => {
    const revision = async () => (await gateway.call(admin, 'GET', '/api/v1/policies/revision')).body.wanted;
    const before = await revision();
    await simulate(admin, { draft: blocking('enterprise', 'acme') });
    expect(await revision()).toBe(before);
    expect((await decide('alice@acme.test', { action: 'calendar_create_event' })).decision).toBe('allow');
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`oce-simulation-${process.pid}-`))).toEqual([]);
  });

  test('from, to and limit choose the decisions, the newest first', async () => {
    const { body: page } = await gateway.call(admin, 'GET', `/api/v1/audit/${recorded.bobEvent}`);
    const at = page.timestamp as string;
    const draft = blocking('enterprise', 'acme');
    expect((await simulate(admin, { draft, from: at, to: at })).body.items).toHaveLength(1);
    expect((await simulate(admin, { draft, to: at, limit: 2 })).body.examined).toBe(2);
    expect((await simulate(admin, { draft, to: '2001-01-01T00:00:00Z' })).body.examined).toBe(0);
  });

  test('decisions of another tenant, or beyond the reach of the caller, never appear', async () => {
    const eve = await simulate('eve@globex.test', { draft: blocking('enterprise', 'globex') });
    expect(eve.status).toBe(200);
    expect(eve.body.examined).toBe(1);
    const lead = await simulate('tomas@acme.test', { draft: blocking('team', 'platform') });
    expect(lead.body.examined).toBeGreaterThan(0);
    expect(lead.body.items.every((item: { userId: string }) => item.userId === 'alice')).toBe(true);
    expect(JSON.stringify(eve.body)).not.toMatch(/alice|bob|carol/);
  });

  test.each([
    ['alice@acme.test', 'user', 'alice'],
    ['tomas@acme.test', 'team', 'web'],
    ['tomas@acme.test', 'org', 'engineering'],
    ['olga@acme.test', 'enterprise', 'acme'],
  ])('%s may not simulate at %s %s', async (who, scope, scopeId) => {
    const { status, body } = await simulate(who, { draft: blocking(scope, scopeId) });
    expect([status, body.code]).toEqual([403, 'forbidden']);
  });

  test.each([
    ['draft', {}],
    ['draft.scopeId', { draft: blocking('team', 'ghosts') }],
    ['draft.domain', { draft: { ...blocking('team', 'web'), domain: 'weather' } }],
    ['draft.content.actions.x', { draft: { ...blocking('team', 'web'), content: 'actions:\n  x: maybe\n' } }],
    ['draft.content', { draft: { ...blocking('team', 'web'), content: 'a: [' } }],
    ['draft.policyId', { draft: { ...blocking('team', 'web'), policyId: 'none' } }],
    ['limit', { draft: blocking('team', 'web'), limit: 5001 }],
    ['from', { draft: blocking('team', 'web'), from: 'yesterday' }],
    ['to', { draft: blocking('team', 'web'), from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }],
  ])('a fault at %s is a bad request that names it', async (path, body) => {
    const answer = await simulate(admin, body);
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, path]);
  });

  test('a draft that could not be written because it is wider than its parent is refused like one that is', async () => {
    const draft = { ...blocking('team', 'web'), content: 'actions:\n  shell_exec: autonomous\n' };
    const { status, body } = await simulate(admin, { draft });
    expect([status, body.code]).toEqual([409, 'POLICY_HIERARCHY_VIOLATION']);
    expect(body.errors[0].path).toBe('draft.content.actions.shell_exec');
  });

  test('one at a time a tenant: the others are told when to come again', async () => {
    const draft = blocking('enterprise', 'acme');
    const answers = await Promise.all([1, 2, 3].map(() => simulate(admin, { draft })));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 429, 429]);
    const refused = answers.find(({ status }) => status === 429)!;
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await simulate(admin, { draft })).status).toBe(200);
  });
});
