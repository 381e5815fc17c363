import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.stop());

const admin = 'admin@acme.test';
let n = 0;

function policy(more: Record<string, unknown> = {}) {
  return {
    scope: 'team',
    scopeId: 'platform',
    domain: 'actions',
    name: `Policy ${++n}`,
    version: '1.0.0',
    content: 'actions:\n  deploy: block\n',
    changeReason: 'a test',
    status: 'active',
    ...more,
  };
}

const write = (who: string, more?: Record<string, unknown>) =>
  gateway.call(who, 'POST', '/api/v1/policies', policy(more));
const decide = async (who: string, action: string) =>
  (await gateway.call(who, 'POST', '/api/v1/policy/evaluate', { action })).body;

describe('writing a policy', () => {
  test('takes effect for the people of its scope and nobody else as soon as it is answered', async () => {
    const before = await decide('alice@acme.test', 'rotate_keys');
    expect(before.decision).not.toBe('deny');
    const created = await write(admin, { content: 'actions:\n  rotate_keys: block\n' });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ scope: 'team', status: 'active', version: '1.0.0', createdBy: 'user:admin' });
    const after = await decide('alice@acme.test', 'rotate_keys');
    expect(after).toMatchObject({ decision: 'deny', autonomy: 'block' });
    expect(after.policies).toContainEqual(
      expect.objectContaining({ id: created.body.id, scope: 'team', version: '1.0.0' }),
    );
    expect((await decide('bob@acme.test', 'rotate_keys')).decision).not.toBe('deny');
  });

  test('a draft decides nothing until it is made active', async () => {
    const draft = await write(admin, { status: undefined, content: 'actions:\n  draft_me: block\n' });
    expect(draft.body.status).toBe('draft');
    expect((await decide('alice@acme.test', 'draft_me')).decision).not.toBe('deny');
    await gateway.call(admin, 'PUT', `/api/v1/policies/${draft.body.id}`, {
      version: '1.0.1',
      content: 'actions:\n  draft_me: block\n',
      changeReason: 'now for real',
      status: 'active',
    });
    expect((await decide('alice@acme.test', 'draft_me')).decision).toBe('deny');
  });

  test('a wider document than the parent is refused with field, parent policy, parent value and value', async () => {
    const parent = await write(admin, {
      scope: 'org',
      scopeId: 'engineering',
      content: 'actions:\n  pay_invoice: block\n',
    });
    const { status, body } = await write('tomas@acme.test', { content: 'actions:\n  pay_invoice: notify\n' });
    expect(status).toBe(409);
    expect(body.code).toBe('POLICY_HIERARCHY_VIOLATION');
    expect(body.violations).toEqual([
      expect.objectContaining({
        field: 'actions.pay_invoice',
        parentValue: 'block',
        value: 'notify',
        parentPolicy: expect.objectContaining({ id: parent.body.id, scope: 'org' }),
      }),
    ]);
  });

  test.each([
    ['no reason', { changeReason: undefined }, 'changeReason'],
    ['a version that is none', { version: 'v1' }, 'version'],
    ['an unknown domain', { domain: 'weather' }, 'domain'],
    ['an unknown field', { color: 'red' }, '(body)'],
    ['a team nobody knows', { scopeId: 'ghosts' }, 'scopeId'],
    ['another tenant at enterprise scope', { scope: 'enterprise', scopeId: 'globex' }, 'scopeId'],
    ['content that is no rules document', { content: 'actions:\n  deploy: maybe\n' }, 'content.actions.deploy'],
    ['content with an unknown field', { content: 'actoins: {}\n' }, 'content'],
    ['content that is no YAML', { content: 'a: [' }, 'content'],
  ])('%s is refused with the name of the field', async (_what, more, path) => {
    const { status, body } = await write(admin, more);
    expect(status).toBe(400);
    expect(body.code).toBe('validation_failed');
    expect(body.errors[0].path).toContain(path);
  });

  test('the same name twice for one scope and domain is a conflict', async () => {
    const first = await write(admin, { name: 'Twin' });
    expect(first.status).toBe(201);
    expect(await write(admin, { name: 'Twin' })).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  test('racing changes: one wins, the others are told', async () => {
    const { body } = await write(admin);
    const changes = await Promise.all(
      Array.from({ length: 8 }, () =>
        gateway.call(admin, 'PUT', `/api/v1/policies/${body.id}`, {
          version: '1.1.0',
          content: 'actions:\n  deploy: approve\n',
          changeReason: 'race',
        }),
      ),
    );
    expect(changes.filter((change) => change.status === 200)).toHaveLength(1);
    expect(changes.filter((change) => change.status === 400)).toHaveLength(7);
  });

  test('a version that does not rise, and an If-Match that is out of date, are refused', async () => {
    const { body } = await write(admin);
    const change = { version: '1.0.0', content: '{}', changeReason: 'again' };
    expect(await gateway.call(admin, 'PUT', `/api/v1/policies/${body.id}`, change)).toMatchObject({ status: 400 });
    const stale = { ...change, version: '2.0.0' };
    expect(
      await gateway.call(admin, 'PUT', `/api/v1/policies/${body.id}`, stale, { 'if-match': '"0.9.0"' }),
    ).toMatchObject({
      status: 412,
    });
    expect(
      await gateway.call(admin, 'PUT', `/api/v1/policies/${body.id}`, stale, { 'if-match': '"1.0.0"' }),
    ).toMatchObject({
      status: 200,
    });
  });

  test('every version stays readable with its author and reason', async () => {
    const { body } = await write(admin);
    await gateway.call(admin, 'PUT', `/api/v1/policies/${body.id}`, {
      version: '1.1.0',
      content: 'actions:\n  deploy: approve\n',
      changeReason: 'less strict',
    });
    await gateway.call(admin, 'DELETE', `/api/v1/policies/${body.id}`, { changeReason: 'no longer needed' });
    const { body: versions } = await gateway.call(admin, 'GET', `/api/v1/policies/${body.id}/versions`);
    expect(
      versions.items.map((v: { version: string; status: string; changeReason: string }) => [
        v.version,
        v.status,
        v.changeReason,
      ]),
    ).toEqual([
      ['1.1.0', 'deprecated', 'no longer needed'],
      ['1.1.0', 'active', 'less strict'],
      ['1.0.0', 'active', 'a test'],
    ]);
  });

  test('a deprecated policy no longer decides and cannot be changed', async () => {
    const { body } = await write(admin, { content: 'actions:\n  once: block\n' });
    expect((await decide('alice@acme.test', 'once')).decision).toBe('deny');
    const gone = await gateway.call(admin, 'DELETE', `/api/v1/policies/${body.id}`, { changeReason: 'over' });
    expect(gone.body.status).toBe('deprecated');
    expect((await decide('alice@acme.test', 'once')).decision).not.toBe('deny');
    const change = { version: '3.0.0', content: '{}', changeReason: 'revive' };
    expect(await gateway.call(admin, 'PUT', `/api/v1/policies/${body.id}`, change)).toMatchObject({ status: 409 });
  });

  test('a change and its audit entry are one', async () => {
    const { body, headers } = await write(admin);
    const entries = await gateway.call(
      admin,
      'GET',
      `/api/v1/audit?actionType=policy_change&requestId=${headers.get('x-request-id')}`,
    );
    expect(entries.body.items).toHaveLength(1);
    expect(entries.body.items[0].actionDetail).toMatchObject({ operation: 'policies.create', policyId: body.id });
  });
});

describe('who may write where', () => {
  test.each([
    ['admin@acme.test', 'enterprise', 'acme', 201],
    ['olga@acme.test', 'enterprise', 'acme', 403],
    ['olga@acme.test', 'org', 'engineering', 201],
    ['olga@acme.test', 'org', 'legal', 403],
    ['olga@acme.test', 'team', 'web', 201],
    ['olga@acme.test', 'user', 'alice', 201],
    ['olga@acme.test', 'user', 'carol', 403],
    ['tomas@acme.test', 'org', 'engineering', 403],
    ['tomas@acme.test', 'team', 'platform', 201],
    ['tomas@acme.test', 'team', 'web', 403],
    ['tomas@acme.test', 'user', 'alice', 201],
    ['tomas@acme.test', 'user', 'bob', 403],
    ['alice@acme.test', 'user', 'alice', 403],
    ['eve@globex.test', 'enterprise', 'globex', 201],
  ])('%s at %s %s is answered with %i', async (who, scope, scopeId, status) => {
    const answer = await write(who, { scope, scopeId, content: 'actions:\n  probe: block\n' });
    expect(answer.status).toBe(status);
  });
});

describe('reading policies', () => {
  test('the effective policy names where each value comes from', async () => {
    const created = await write(admin, { content: 'actions:\n  provenance: block\n' });
    const { body } = await gateway.call('alice@acme.test', 'GET', '/api/v1/policies/effective');
    expect(body.userId).toBe('alice');
    expect(body.domains.actions['actions.provenance']).toMatchObject({
      value: 'block',
      from: [expect.objectContaining({ policyId: created.body.id, scope: 'team', scopeId: 'platform' })],
    });
  });

  test('the revision rises with each change and the replica reports it active', async () => {
    const before = (await gateway.call(admin, 'GET', '/api/v1/policies/revision')).body;
    await write(admin);
    const after = (await gateway.call(admin, 'GET', '/api/v1/policies/revision')).body;
    expect(after.wanted).toBe(before.wanted + 1);
    expect(after.replicas).toEqual([
      expect.objectContaining({ id: gateway.settings.OPENCLAW_REPLICA_ID, active: after.wanted }),
    ]);
  });

  test('pages of the list are whole: each policy once', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await gateway.call(admin, 'GET', `/api/v1/policies?limit=3${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items.map((item: { id: string }) => item.id));
      cursor = body.nextCursor ?? '';
    } while (cursor);
    expect(new Set(seen).size).toBe(seen.length);
    const { body: all } = await gateway.call(admin, 'GET', '/api/v1/policies?limit=500');
    expect(seen).toEqual(all.items.map((item: { id: string }) => item.id));
  });

  test("somebody else's policy inside the tenant is forbidden, another tenant's does not exist", async () => {
    const legal = await write(admin, { scope: 'org', scopeId: 'legal', content: '{}' });
    const path = `/api/v1/policies/${legal.body.id}`;
    expect((await gateway.call('carol@acme.test', 'GET', path)).status).toBe(200);
    expect((await gateway.call('alice@acme.test', 'GET', path)).status).toBe(403);
    expect((await gateway.call('eve@globex.test', 'GET', path)).status).toBe(404);
  });
});
