import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generatedDocs } from '../../src/docs.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

/**
 * Who may call what: each route, each role, own and foreign tenant. A route that is not in this table fails the last test.
 *
 * Columns: nobody, an assistant of Alice, user Alice, team lead Tomas, org admin Olga, enterprise admin, and the enterprise
 * admin of another tenant who names this tenant's things.
 */
const CALLERS = ['nobody', 'agent', 'alice', 'tomas', 'olga', 'admin', 'eve'] as const;
type Caller = (typeof CALLERS)[number];
type Row = [method: string, path: string, statuses: number[], body?: (caller: Caller) => unknown];

const NONE = '00000000000000000000000000';
const OTHER = '00000000000000000000000001';
let n = 0;

/** `{name}` in a path is filled with the id of a thing of tenant acme. */
const TABLE: Row[] = [
  ['GET', '/livez', [200, 200, 200, 200, 200, 200, 200]],
  ['GET', '/readyz', [200, 200, 200, 200, 200, 200, 200]],
  ['GET', '/startupz', [200, 200, 200, 200, 200, 200, 200]],
  ['GET', '/api/v1/status', [401, 200, 200, 200, 200, 200, 200]],
  ['GET', '/api/v1/auth/login', [302, 302, 302, 302, 302, 302, 302]],
  ['GET', '/api/v1/auth/callback', [401, 401, 401, 401, 401, 401, 401]],
  ['POST', '/api/v1/auth/logout', [401, 403, 200, 200, 200, 200, 200]],
  ['GET', '/api/v1/auth/userinfo', [401, 403, 200, 200, 200, 200, 200]],

  ['GET', '/api/v1/users', [401, 403, 403, 200, 200, 200, 200]],
  ['GET', '/api/v1/users/alice', [401, 403, 403, 200, 200, 200, 404]],
  ['GET', '/api/v1/users/carol', [401, 403, 403, 404, 404, 200, 404]],
  ['POST', '/api/v1/users', [401, 403, 403, 403, 403, 201, 400], () => ({ users: [NEWCOMER] })],
  ['PATCH', '/api/v1/users/bob', [401, 403, 403, 403, 403, 200, 404], () => ({ name: 'Bob B.' })],
  ['DELETE', '/api/v1/users/{leaver}', [401, 403, 403, 403, 403, 204, 404]],

  ['GET', '/api/v1/agent-tokens', [401, 403, 403, 403, 403, 200, 200]],
  ['POST', '/api/v1/agent-tokens', [401, 403, 403, 403, 403, 201, 400], () => ({ name: 'x', userIds: ['alice'] })],
  ['GET', '/api/v1/agent-tokens/{agentToken}', [401, 403, 403, 403, 403, 200, 404]],
  ['DELETE', '/api/v1/agent-tokens/{spareToken}', [401, 403, 403, 403, 403, 204, 404]],

  ['GET', '/api/v1/policies', [401, 403, 200, 200, 200, 200, 200]],
  ['POST', '/api/v1/policies', [401, 403, 403, 201, 201, 201, 400], () => policy('team', 'platform')],
  ['GET', '/api/v1/policies/{teamPolicy}', [401, 403, 200, 200, 200, 200, 404]],
  ['GET', '/api/v1/policies/{webPolicy}', [401, 403, 403, 403, 200, 200, 404]],
  ['GET', '/api/v1/policies/{teamPolicy}/versions', [401, 403, 200, 200, 200, 200, 404]],
  ['GET', '/api/v1/policies/{webPolicy}/versions', [401, 403, 403, 403, 200, 200, 404]],
  ['PUT', '/api/v1/policies/{teamPolicy}', [401, 403, 403, 200, 200, 200, 404], () => change()],
  ['PUT', '/api/v1/policies/{webPolicy}', [401, 403, 403, 403, 200, 200, 404], () => change()],
  ['DELETE', '/api/v1/policies/{webPolicy}', [401, 403, 403, 403, 200, 200, 404], () => ({ changeReason: 'a test' })],
  ['GET', '/api/v1/policies/effective', [401, 403, 200, 200, 200, 200, 200]],
  ['GET', '/api/v1/policies/effective?userId=alice', [401, 403, 200, 200, 200, 200, 404]],
  ['GET', '/api/v1/policies/effective?userId=carol', [401, 403, 404, 404, 404, 200, 404]],
  [
    'POST',
    '/api/v1/policies/simulate',
    [401, 403, 403, 200, 200, 200, 400],
    () => ({ draft: draft('team', 'platform') }),
  ],
  ['POST', '/api/v1/policies/simulate', [401, 403, 403, 403, 200, 200, 400], () => ({ draft: draft('team', 'web') })],
  [
    'POST',
    '/api/v1/policies/simulate',
    [401, 403, 403, 400, 400, 400, 200],
    () => ({ draft: draft('enterprise', 'globex') }),
  ],
  ['GET', '/api/v1/policies/revision', [401, 200, 200, 200, 200, 200, 200]],

  ['POST', '/api/v1/policy/evaluate', [401, 200, 200, 200, 200, 200, 200], () => ({ action: 'email_read' })],
  [
    'POST',
    '/api/v1/policy/evaluate',
    [401, 200, 200, 403, 403, 403, 403],
    () => ({ action: 'email_read', subject: { userId: 'alice' } }),
  ],
  [
    'POST',
    '/api/v1/policy/evaluate/batch',
    [401, 200, 200, 200, 200, 200, 200],
    () => ({ items: [{ action: 'email_read' }] }),
  ],
  ['GET', '/api/v1/policy/decisions/{agentDecision}', [401, 200, 200, 200, 200, 200, 404]],
  ['GET', '/api/v1/policy/decisions/{carolDecision}', [401, 404, 404, 404, 404, 200, 404]],
  ['GET', `/api/v1/policy/decisions/${NONE}`, [401, 404, 404, 404, 404, 404, 404]],

  ['GET', '/api/v1/connectors', [401, 403, 200, 200, 200, 200, 200]],
  ['POST', '/api/v1/connectors', [401, 403, 201, 201, 201, 201, 201], () => connector('gcal')],
  ['POST', '/api/v1/connectors', [401, 403, 403, 403, 201, 409, 400], () => connector('gcal', 'bob')],
  ['GET', '/api/v1/connectors/{bobConnector}', [401, 403, 404, 404, 200, 200, 404]],
  ['GET', '/api/v1/connectors/{sharedConnector}', [401, 403, 200, 200, 200, 200, 404]],
  ['GET', '/api/v1/connectors/{bobConnector}/status', [401, 403, 404, 404, 200, 200, 404]],
  ['GET', '/api/v1/connectors/{sharedConnector}/status', [401, 403, 200, 200, 200, 200, 404]],
  ['POST', '/api/v1/connectors/{bobConnector}/sync', [401, 403, 404, 404, 200, 200, 404]],
  ['POST', '/api/v1/connectors/{sharedConnector}/sync', [401, 403, 200, 200, 200, 200, 404]],
  ['PATCH', '/api/v1/connectors/{bobConnector}', [401, 403, 404, 404, 200, 200, 404], () => ({ config: {} })],
  ['PATCH', '/api/v1/connectors/{sharedConnector}', [401, 403, 403, 403, 403, 200, 404], () => ({ config: {} })],
  ['POST', '/api/v1/connectors/gmail/read', [401, 400, 400, 400, 400, 400, 404], () => ({ resource: 'nothing' })],
  ['POST', '/api/v1/connectors/gmail/write', [401, 400, 400, 400, 400, 400, 404], () => ({ action: 'nothing' })],
  ['POST', '/api/v1/webhooks/{bobConnector}', [401, 401, 401, 401, 401, 401, 401], () => ({})],
  ['POST', `/api/v1/webhooks/${NONE}`, [404, 404, 404, 404, 404, 404, 404], () => ({})],
  ['DELETE', '/api/v1/connectors/{bobConnector}', [401, 403, 404, 404, 204, 404, 404]],
  ['DELETE', '/api/v1/connectors/{sharedConnector}', [401, 403, 403, 403, 403, 204, 404]],

  ['GET', '/api/v1/tasks', [401, 403, 200, 200, 200, 200, 200]],
  ['GET', `/api/v1/tasks/${NONE}`, [401, 403, 404, 404, 404, 404, 404]],
  ['PATCH', `/api/v1/tasks/${NONE}`, [401, 403, 404, 404, 404, 404, 404], () => ({ status: 'completed' })],
  ['POST', `/api/v1/tasks/${NONE}/merge`, [401, 403, 404, 404, 404, 404, 404], () => ({ taskId: OTHER })],
  ['POST', `/api/v1/tasks/${NONE}/split`, [401, 403, 404, 404, 404, 404, 404], () => ({ workItemIds: ['jira:X-1'] })],
  ['POST', '/api/v1/briefings', [401, 403, 201, 201, 201, 201, 201], () => ({})],
  ['GET', '/api/v1/briefings', [401, 403, 200, 200, 200, 200, 200]],
  ['GET', '/api/v1/briefings/latest', [401, 403, 200, 200, 200, 200, 200]],
  ['GET', `/api/v1/briefings/${NONE}`, [401, 403, 404, 404, 404, 404, 404]],
  ['GET', '/api/v1/briefing-schedule', [401, 403, 200, 200, 200, 200, 200]],
  ['PUT', '/api/v1/briefing-schedule', [401, 403, 200, 200, 200, 200, 200], () => ({ cron: '0 8 * * 1-5' })],

  ['GET', '/api/v1/approvals', [401, 200, 200, 200, 200, 200, 200]],
  ['GET', '/api/v1/approvals?userId=alice', [401, 200, 200, 404, 404, 200, 404]],
  ['POST', '/api/v1/approvals', [401, 201, 201, 404, 404, 404, 404], () => ({ decisionId: things.asked })],
  ['GET', '/api/v1/approvals/{approval}', [401, 200, 200, 404, 404, 200, 404]],
  ['POST', '/api/v1/approvals/{approval}/approve', [401, 403, 200, 404, 404, 403, 404], () => ({})],
  ['POST', '/api/v1/approvals/{otherApproval}/reject', [401, 403, 200, 404, 404, 403, 404], () => ({})],
  ['POST', '/api/v1/exchanges', [401, 201, 201, 403, 403, 403, 404], () => exchange()],
  ['GET', '/api/v1/exchanges', [401, 200, 200, 200, 200, 200, 200]],
  ['GET', `/api/v1/exchanges/${NONE}`, [401, 404, 404, 404, 404, 404, 404]],
  ['GET', '/api/v1/exchanges/{aliceExchange}', [401, 200, 200, 404, 404, 404, 404]],
  ['POST', '/api/v1/exchanges/{aliceExchange}/resolve', [401, 403, 200, 404, 404, 404, 404], () => ({})],
  ['POST', '/api/v1/messages', [401, 202, 202, 202, 202, 202, 202], () => message()],
  ['POST', '/api/v1/messages', [401, 202, 202, 403, 403, 403, 403], () => ({ ...message(), userId: 'alice' })],
  ['GET', '/api/v1/messages/{aliceMessage}', [401, 200, 200, 404, 404, 404, 404]],
  ['GET', '/api/v1/auto-responses', [401, 403, 200, 200, 200, 200, 200]],
  ['POST', `/api/v1/messages/${NONE}/correction`, [401, 403, 404, 404, 404, 404, 404], () => ({ class: 'noise' })],
  ['DELETE', `/api/v1/messages/${NONE}/correction`, [401, 403, 404, 404, 404, 404, 404]],
  ['GET', '/api/v1/auto-response-rules', [401, 403, 200, 200, 200, 200, 200]],
  ['PUT', '/api/v1/auto-response-rules', [401, 403, 200, 200, 200, 200, 200], () => ({ channels: { gmail: 'block' } })],

  ['GET', '/.well-known/authzen-configuration', [200, 200, 200, 200, 200, 200, 200]],
  ['POST', '/access/v1/evaluation', [401, 200, 200, 403, 403, 403, 403], () => authzen('alice')],
  ['POST', '/access/v1/evaluations', [401, 200, 200, 403, 403, 403, 403], () => ({ evaluations: [authzen('alice')] })],

  ['GET', '/api/v1/audit', [401, 403, 200, 200, 200, 200, 200]],
  ['GET', '/api/v1/audit/{agentDecision}', [401, 403, 200, 200, 200, 200, 404]],
  ['GET', '/api/v1/audit/{carolDecision}', [401, 403, 404, 404, 404, 200, 404]],
  ['GET', '/api/v1/audit/export', [401, 403, 403, 403, 200, 200, 200]],
  ['GET', '/api/v1/audit/completeness', [401, 403, 403, 403, 403, 200, 200]],
  ['POST', '/api/v1/audit', [401, 201, 201, 201, 201, 201, 201], () => entry()],
  ['POST', '/api/v1/audit', [401, 201, 201, 403, 403, 403, 403], () => ({ ...entry(), userId: 'alice' })],
  ['POST', '/api/v1/audit', [401, 403, 403, 403, 403, 403, 403], () => ({ ...entry(), tenantId: 'initech' })],
];

const NEWCOMER = { id: 'newcomer', email: 'newcomer@acme.test', name: 'New Comer', orgId: 'engineering' };

function policy(scope: string, scopeId: string) {
  const [name, content] = [`Access ${++n}`, 'actions:\n  probe: block\n'];
  return {
    scope,
    scopeId,
    domain: 'actions',
    name,
    version: '1.0.0',
    content,
    changeReason: 'a test',
    status: 'active',
  };
}
function change() {
  return { version: `1.${++n}.0`, content: 'actions:\n  probe: block\n', changeReason: 'a test' };
}
function draft(scope: string, scopeId: string) {
  return { scope, scopeId, domain: 'actions', content: 'actions:\n  probe: block\n' };
}
function authzen(id: string) {
  const [subject, action] = [{ type: 'user', id }, { name: 'email_read' }];
  return { subject, action, resource: { type: 'mail', id: '1' } };
}
function exchange() {
  const source_agent = { instance_id: 'x', user_id: 'alice', org_unit: 'engineering', tenant_id: 'acme' };
  const kind = { version: '1.0', message_type: 'agent-generated', exchange_type: 'information_query' };
  const envelope = {
    ...kind,
    source_agent,
    classification: 'public',
    conversation_id: `access-${++n}`,
    exchange_round: 1,
  };
  return { to: { userId: 'bob' }, message: `Question ${n}?`, envelope };
}
function connector(type: string, userId?: string) {
  return { type, credentials: { kind: 'token', token: 'probe-token' }, ...(userId ? { userId } : {}) };
}
function message() {
  const [text, messageId] = ['FYI: the numbers are in.', `access-${++n}`];
  return { channel: 'gmail', from: 'sam@partner.example', to: 'all@partner.example', text, messageId };
}
function entry() {
  return { actionType: 'tool_invocation', actionDetail: { tool: 'probe' }, outcome: 'success' };
}

let gateway: TestGateway;
const things: Record<string, string> = {};
beforeAll(async () => {
  gateway = await startTestGateway();
  const make = async (who: string, path: string, body: unknown) =>
    (await gateway.call(who, 'POST', `/api/v1${path}`, body)).body;
  const admin = 'admin@acme.test';
  const agent = await make(admin, '/agent-tokens', { name: 'alice', userIds: ['alice'] });
  things.agent = agent.token;
  things.agentToken = agent.id;
  things.spareToken = (await make(admin, '/agent-tokens', { name: 'spare', userIds: ['bob'] })).id;
  things.teamPolicy = (await make(admin, '/policies', policy('team', 'platform'))).id;
  things.webPolicy = (await make(admin, '/policies', policy('team', 'web'))).id;
  things.agentDecision = (await make(agent.token, '/policy/evaluate', { action: 'email_read' })).decisionId;
  things.carolDecision = (await make('carol@acme.test', '/policy/evaluate', { action: 'email_read' })).decisionId;
  const toAsk = async () => (await make(agent.token, '/policy/evaluate', { action: 'email_send' })).decisionId;
  things.asked = await toAsk();
  for (const name of ['approval', 'otherApproval'])
    things[name] = (await make(agent.token, '/approvals', { decisionId: await toAsk() })).id;
  await make(admin, '/users', { users: [{ ...NEWCOMER, id: 'leaver', email: 'leaver@acme.test' }] });
  things.leaver = 'leaver';
  things.aliceMessage = (await make('alice@acme.test', '/messages', message())).id;
  things.bobConnector = (await make(admin, '/connectors', connector('github', 'bob'))).id;
  things.aliceExchange = (await make(agent.token, '/exchanges', exchange())).exchangeId;
  things.sharedConnector = (await make(admin, '/connectors', connector('gmail'))).id;
});
afterAll(() => gateway?.stop());

const WHO: Record<Caller, () => string | null> = {
  nobody: () => null,
  agent: () => things.agent!,
  alice: () => 'alice@acme.test',
  tomas: () => 'tomas@acme.test',
  olga: () => 'olga@acme.test',
  admin: () => 'admin@acme.test',
  eve: () => 'eve@globex.test',
};

describe.each(TABLE)('%s %s', (method, path, statuses, body) => {
  test.each(CALLERS.map((caller, i) => [caller, statuses[i]!] as const))('%s: %i', async (caller, status) => {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => things[name] ?? `missing ${name}`);
    const answer = await gateway.call(WHO[caller](), method, filled, body?.(caller));
    expect([answer.status, answer.status >= 400 ? answer.body.detail : '']).toEqual([status, expect.anything()]);
    const readable = status >= 400 && !path.endsWith('z') ? 'application/problem+json' : '';
    expect(answer.headers.get('content-type') ?? '').toContain(readable);
    if (caller === 'eve' && status < 300 && path !== '/api/v1/status')
      expect(JSON.stringify(answer.body)).not.toContain('acme');
    if (caller === 'nobody') expect(JSON.stringify(answer.body)).not.toMatch(/alice|carol|Olga/);
  });
});

test('every route of the API is in the table', async () => {
  const document = JSON.parse((await generatedDocs())['docs/openapi.json']!) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const rows = TABLE.map(([method, path]) => `${method} ${path.split('?')[0]!.replace(/[{}]/g, '')}`);
  const missing = routes.filter((route) => {
    const pattern = new RegExp(`^${route.replace(/\{\w+\}/g, '[^/]+')}$`);
    return !rows.some((row) => pattern.test(row));
  });
  expect(missing).toEqual([]);
});
