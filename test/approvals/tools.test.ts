import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Clock } from '#libs/clock';
import { FaultyHttp } from '../harness/faulty-http.ts';
import { type ApprovalsGateway, newId, startApprovalsGateway } from './support.ts';

const [ALICE, BOB, ADMIN] = ['alice@acme.test', 'bob@acme.test', 'admin@acme.test'];
let at: ApprovalsGateway;
let opa: FaultyHttp;
let assistant: string;
let stranger: string;

beforeAll(async () => {
  at = await startApprovalsGateway({
    wrapOpa: async (url) => {
      opa = await FaultyHttp.before(url);
      return opa.url;
    },
  });
  const token = async (name: string, userIds: string[]) =>
    (await at.call(ADMIN, 'POST', '/agent-tokens', { name, userIds })).body.token as string;
  assistant = await token('desk', ['alice', 'bob']);
  stranger = await token('other', ['alice']);
});
afterAll(async () => {
  await at?.gateway.stop();
  await opa?.stop();
});

const QUESTION = {
  action: 'email_send',
  resource: { type: 'mail', id: 'draft-1', connector: 'gmail', classification: 'internal' },
  context: { destination: { external: false } },
};
const decide = async (question: object = QUESTION, who = assistant) =>
  (await at.call(who, 'POST', '/policy/evaluate', { subject: { userId: 'alice' }, ...question })).body;
const ask = (body: object, who = assistant) => at.call(who, 'POST', '/approvals', body);
const approve = (id: string) => at.call(ALICE, 'POST', `/approvals/${id}/approve`, {});

test('an assistant asks about a decision; its person sees what it is about and whose words are whose', async () => {
  const { decisionId, decision, reason } = await decide();
  expect(decision).toBe('require_approval');
  const words = { summary: 'Tell Bob that we meet at noon.', input: { to: 'bob@acme.test' } };
  const asked = await ask({ decisionId, ...words });
  expect([asked.status, asked.body]).toEqual([
    201,
    expect.objectContaining({
      kind: 'tool',
      status: 'pending',
      userId: 'alice',
      decisionId,
      subject: 'email_send, gmail, mail draft-1',
      classification: 'internal',
      proposal: {
        ...QUESTION,
        why: reason,
        assistantSays: {
          ...words,
          agent: 'desk',
          by: expect.stringMatching(/^agent:/),
          note: expect.stringMatching(/own words/),
        },
      },
    }),
  ]);
  const { id } = asked.body;
  expect(await at.told('alice', id)).toEqual([
    { event: 'approval.pending', payload: expect.objectContaining({ id, kind: 'tool', subject: asked.body.subject }) },
  ]);
  expect((await approve(id)).body).toMatchObject({ status: 'approved', decidedBy: 'user:alice' });
  expect((await at.call(assistant, 'GET', `/approvals/${id}`)).body.status).toBe('approved');
  expect((await at.told('alice', id)).map(({ event }) => event)).toEqual(['approval.pending', 'approval.decided']);
});

test('asked again, at once and later, it is the one that is there', async () => {
  const { decisionId } = await decide();
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => ask({ decisionId, summary: `try ${i}` })));
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  const { id } = answers[0]!.body;
  await at.call(ALICE, 'POST', `/approvals/${id}/reject`, {});
  expect((await ask({ decisionId })).body).toMatchObject({ id, status: 'rejected' });
});

test('a person may ask about their own decision, and nobody about one that is not theirs to ask about', async () => {
  const { decisionId } = await decide();
  const own = (await at.call(ALICE, 'POST', '/policy/evaluate', QUESTION)).body.decisionId;
  expect((await ask({ decisionId: own }, ALICE)).status).toBe(201);
  for (const [who, id] of [
    [stranger, decisionId],
    [ADMIN, decisionId],
    [BOB, decisionId],
    ['eve@globex.test', decisionId],
    [assistant, own],
    [assistant, newId()],
  ] as const)
    expect([who, (await ask({ decisionId: id }, who)).status]).toEqual([who, 404]);
});

test('only a recorded decision that requires approval, of the last day, can be asked about', async () => {
  const allowed = await decide({ action: 'email_read' });
  const answer = await ask({ decisionId: allowed.decisionId });
  expect([answer.status, answer.body.errors[0].path, answer.body.detail]).toEqual([
    400,
    'decisionId',
    expect.stringContaining('is "allow"; accepted: a decision "require_approval"'),
  ]);
  expect((await ask({ decisionId: 'x' })).status).toBe(400);
  expect((await ask({})).status).toBe(400);
  expect((await ask({ decisionId: newId(), summary: 'x'.repeat(1001) })).status).toBe(400);
  expect((await ask({ decisionId: newId(), input: { x: 'x'.repeat(20_000) } })).status).toBe(400);
  const { decisionId } = await decide();
  const clock = at.gateway.app.get(Clock, { strict: false });
  const now = clock.now.bind(clock);
  clock.now = () => now() + 25 * 3_600_000;
  try {
    const late = await ask({ decisionId });
    expect([late.status, late.body.detail]).toEqual([409, expect.stringContaining('Ask policy again')]);
  } finally {
    clock.now = now;
  }
});

test('an approval under a policy that denies by now does not count: it is rejected and says why', async () => {
  const { decisionId } = await decide({ action: 'gdrive_share' });
  const { id } = (await ask({ decisionId })).body;
  const forbid = {
    scope: 'enterprise',
    scopeId: 'acme',
    domain: 'actions',
    name: 'No sharing',
    version: '1.0.0',
    status: 'active',
    content: 'blocked: [gdrive_share]\n',
    changeReason: 'a test',
  };
  expect((await at.call(ADMIN, 'POST', '/policies', forbid)).status).toBe(201);
  const refused = await approve(id);
  expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
    409,
    'conflict',
    expect.stringContaining('No sharing'),
  ]);
  const { body } = await at.call(ALICE, 'GET', `/approvals/${id}`);
  expect(body).toMatchObject({
    status: 'rejected',
    decidedBy: 'policy',
    reason: expect.stringContaining('No sharing'),
  });
  expect(await at.audited(id)).toEqual([
    {
      actor: 'user:alice',
      outcome: 'denied',
      detail: expect.objectContaining({ decidedBy: 'policy', recheckDecisionId: refused.body.decisionId }),
    },
  ]);
  expect((await approve(id)).body.detail).toContain('was rejected by policy at');
});

test('where policy cannot be asked nothing is decided, and a later try succeeds', async () => {
  const { decisionId } = await decide();
  const { id } = (await ask({ decisionId })).body;
  opa.fault = (_, response) => void response.destroy();
  try {
    const answer = await approve(id);
    expect([answer.status, answer.body.code]).toEqual([503, 'policy_engine_unreachable']);
    expect(await at.audited(id)).toEqual([]);
    expect((await at.call(ALICE, 'GET', `/approvals/${id}`)).body.status).toBe('pending');
  } finally {
    opa.fault = undefined;
  }
  expect((await approve(id)).body.status).toBe('approved');
});

test('a tool call takes no edits', async () => {
  const { decisionId } = await decide();
  const { id } = (await ask({ decisionId })).body;
  const answer = await at.call(ALICE, 'POST', `/approvals/${id}/approve`, { edit: { action: 'email_read' } });
  expect([answer.status, answer.body.errors[0].path]).toEqual([400, 'edit']);
});
