import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Approval, type ApprovalOwner, Approvals } from '#approvals';
import { Database } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { Propagation } from '#policy';
import { z } from 'zod';
import { ApprovalClock } from '../../src/approvals/approval-clock.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';

const ALICE = 'alice@acme.test';
let gateway: TestGateway;
let approvals: Approvals;
let database: Database;
let agent: string;
let messages = 0;

/** What the owner of replies was handed, and what it does with it. */
const settled: Approval[] = [];
let owner: ApprovalOwner['settled'] = async () => undefined;

const call = (who: string, method: string, path: string, body?: unknown) =>
  gateway.call(who, method, `/api/v1${path}`, body);

beforeAll(async () => {
  gateway = await startTestGateway();
  approvals = gateway.app.get(Approvals, { strict: false });
  database = gateway.app.get(Database, { strict: false });
  // The module that owns replies is replaced by one that can be looked into.
  const owners = (approvals as unknown as { owners: Map<string, ApprovalOwner> }).owners;
  owners.delete('reply');
  owners.delete('commitment');
  approvals.own('reply', {
    editable: z.strictObject({
      subject: z.string().min(1).max(200).optional(),
      text: z.string().min(1).max(1_000).optional(),
    }),
    settled: async (tx, approval) => {
      await owner(tx, approval);
      settled.push(approval);
    },
  });
  agent = (await call('admin@acme.test', 'POST', '/agent-tokens', { name: 'x', userIds: ['alice'] })).body.token;
});
afterAll(() => gateway?.stop());
beforeEach(() => {
  settled.length = 0;
  owner = async () => undefined;
});

/** A reply of Alice that waits. */
async function reply(): Promise<Approval> {
  const messageId = `message-${(messages += 1)}`;
  const approval = await database.tenant('acme', (tx) =>
    approvals.request(tx, {
      tenantId: 'acme',
      userId: 'alice',
      kind: 'reply',
      subject: 'Re: lunch',
      proposal: { to: 'bo@else.test', subject: 'Re: lunch', text: 'Noon?' },
      classification: 'internal',
      messageId,
    }),
  );
  approvals.announce(approval);
  return approval;
}

async function toolCall(action = 'email_send') {
  const { decisionId } = (await call(agent, 'POST', '/policy/evaluate', { action, context: { channel: 'mail' } })).body;
  return { decisionId, ...(await call(agent, 'POST', '/approvals', { decisionId, summary: 'Write to Bo' })) };
}

const entriesOf = async (id: string) =>
  (await call(ALICE, 'GET', `/audit?actionType=approval&limit=100`)).body.items.filter(
    ({ actionDetail }: { actionDetail: { approvalId?: string } }) => actionDetail.approvalId === id,
  );
const operations = async (id: string) =>
  (await entriesOf(id))
    .map(({ actionDetail }: { actionDetail: { operation: string } }) => actionDetail.operation)
    .sort();

describe('a question', () => {
  test('waits 24 hours, is in the list and the briefing, and the person is told', async () => {
    const before = await gateway.app.get(PersonEvents, { strict: false }).last('acme', 'alice');
    const { id, requestedAt, expiresAt } = await reply();
    expect(Date.parse(expiresAt) - Date.parse(requestedAt)).toBe(86_400_000);
    const { body } = await call(ALICE, 'GET', '/approvals?status=pending&kind=reply');
    expect(body.items[0]).toMatchObject({ id, kind: 'reply', status: 'pending', proposal: { text: 'Noon?' } });
    expect(body.items[0]).not.toHaveProperty('tenantId');
    const [told] = await gateway.app.get(PersonEvents, { strict: false }).after('acme', 'alice', before);
    expect(told).toMatchObject({ event: 'approval.pending', payload: { id, kind: 'reply' } });
    const briefing = (await call(ALICE, 'POST', '/briefings', {})).body;
    expect(briefing.approvals.pending).toBe((await call(ALICE, 'GET', '/approvals?status=pending')).body.items.length);
  });

  test('asked twice is the same question, and is told of once', async () => {
    const first = await toolCall();
    const again = await call(agent, 'POST', '/approvals', { decisionId: first.decisionId });
    expect(again.body.id).toBe(first.body.id);
    expect(await operations(first.body.id)).toEqual(['requested']);
  });

  test('pages through all of them, newest first', async () => {
    for (let n = 0; n < 5; n += 1) await reply();
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await call(ALICE, 'GET', `/approvals?limit=2${cursor}`);
      seen.push(...body.items.map(({ id }: Approval) => id));
      cursor = body.nextCursor ? `&cursor=${body.nextCursor}` : '';
    } while (cursor !== '');
    expect(seen).toEqual([...new Set(seen)].sort().reverse());
    expect(seen.length).toBeGreaterThanOrEqual(5);
  });
});

describe('a decision', () => {
  test('of fifty that race, one wins: what follows happens once, the others learn who was first', async () => {
    const { id } = await reply();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => call(ALICE, 'POST', `/approvals/${id}/${n % 2 ? 'approve' : 'reject'}`, {})),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    const lost = answers.filter(({ status }) => status === 409);
    expect(lost).toHaveLength(49);
    for (const { body } of lost) expect(body.detail).toMatch(new RegExp(`user:alice ${won[0]!.body.status} it at 20`));
    expect(settled.map(({ status }) => status)).toEqual([won[0]!.body.status]);
    expect(await operations(id)).toEqual(['requested', won[0]!.body.status].sort());
  });

  test('comes with its edit, which is checked', async () => {
    const { id } = await reply();
    const wrong = await call(ALICE, 'POST', `/approvals/${id}/approve`, { edit: { text: '', to: 'eve@globex.test' } });
    expect(wrong.status).toBe(400);
    expect(wrong.body.errors.map(({ path }: { path: string }) => path)).toEqual(expect.arrayContaining(['edit.text']));
    expect(JSON.stringify(wrong.body.errors)).toContain('to');
    const { status, body } = await call(ALICE, 'POST', `/approvals/${id}/approve`, { edit: { text: 'At one.' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'approved',
      decidedBy: 'user:alice',
      edited: true,
      proposal: { to: 'bo@else.test', subject: 'Re: lunch', text: 'At one.' },
    });
    expect(settled[0]!.proposal).toMatchObject({ text: 'At one.' });
  });

  test('cannot edit a tool call', async () => {
    const { body } = await toolCall();
    const { status, body: problem } = await call(ALICE, 'POST', `/approvals/${body.id}/approve`, {
      edit: { action: 'x' },
    });
    expect([status, problem.errors[0].path]).toEqual([400, 'edit']);
  });

  test('is taken back where what follows from it cannot be stored', async () => {
    const { id } = await reply();
    owner = async () => {
      throw new Error('cannot be stored');
    };
    expect((await call(ALICE, 'POST', `/approvals/${id}/approve`, {})).status).toBe(500);
    expect((await call(ALICE, 'GET', `/approvals/${id}`)).body.status).toBe('pending');
    expect(await operations(id)).toEqual(['requested']);
    owner = async () => undefined;
    expect((await call(ALICE, 'POST', `/approvals/${id}/approve`, {})).status).toBe(200);
  });

  test('is the person’s alone: not the assistant’s, not an administrator’s, and for others there is nothing', async () => {
    const { id } = await reply();
    const statuses = [];
    for (const who of [agent, 'admin@acme.test', 'tomas@acme.test', 'bob@acme.test', 'eve@globex.test'])
      statuses.push((await call(who, 'POST', `/approvals/${id}/approve`, {})).status);
    expect(statuses).toEqual([403, 403, 404, 404, 404]);
    expect((await call(agent, 'GET', `/approvals/${id}`)).body.status).toBe('pending');
  });

  test('names what is wrong with a call', async () => {
    for (const [path, field] of [
      ['/approvals?status=done', 'status'],
      ['/approvals?kind=mail', 'kind'],
      ['/approvals?cursor=1', 'cursor'],
      ['/approvals/1', 'id'],
    ] as const)
      expect((await call(ALICE, 'GET', path)).body.errors[0].path).toContain(field);
  });
});

describe('a tool call', () => {
  test('shows what would be done, and the assistant’s own words as such', async () => {
    const { status, body } = await toolCall();
    expect(status).toBe(201);
    expect(body).toMatchObject({
      kind: 'tool',
      subject: 'Your assistant asks for email_send',
      proposal: { action: 'email_send', context: { channel: 'mail' }, assistantSays: 'Write to Bo' },
    });
    const approved = await call(ALICE, 'POST', `/approvals/${body.id}/approve`, {});
    expect(approved.body.status).toBe('approved');
    expect((await call(agent, 'GET', `/approvals/${body.id}`)).body.status).toBe('approved');
  });

  test('is asked about only where policy says so', async () => {
    const { decisionId } = (await call(agent, 'POST', '/policy/evaluate', { action: 'email_read' })).body;
    const { status, body } = await call(agent, 'POST', '/approvals', { decisionId });
    expect([status, body.detail]).toEqual([409, expect.stringContaining('"allow"')]);
    expect((await call(agent, 'POST', '/approvals', { decisionId: '0'.repeat(26) })).status).toBe(404);
  });

  test('that policy has come to deny is rejected, and says why', async () => {
    const { body } = await toolCall();
    const policy = await call('admin@acme.test', 'POST', '/policies', {
      scope: 'user',
      scopeId: 'alice',
      domain: 'actions',
      name: 'no-mail',
      version: '1.0.0',
      status: 'active',
      content: 'blocked: [email_send]',
      changeReason: 'a test',
    });
    expect(policy.status).toBe(201);
    await until('it is in force', () => gateway.app.get(Propagation, { strict: false }).lag() === undefined);
    const { status, body: problem } = await call(ALICE, 'POST', `/approvals/${body.id}/approve`, {});
    expect([status, problem.code]).toEqual([409, 'conflict']);
    const after = (await call(ALICE, 'GET', `/approvals/${body.id}`)).body;
    expect(after).toMatchObject({ status: 'rejected', decidedBy: 'system' });
    expect(after.reason).toContain('Policy has come to deny it');
    await call('admin@acme.test', 'DELETE', `/policies/${policy.body.id}`, { changeReason: 'a test' });
  });
});

describe('time', () => {
  const move = (id: string, hours: number) =>
    database.tenant('acme', (tx) =>
      tx.query(`UPDATE approvals SET expires_at = now() + make_interval(hours => $2) WHERE id = $1`, [id, hours]),
    );
  const tick = () => gateway.app.get(ApprovalClock, { strict: false }).tick();
  const statusOf = async (id: string) => (await call(ALICE, 'GET', `/approvals/${id}`)).body.status;
  afterEach(tick);

  test('ends a question: nothing is done, and what waited for it learns of it once', async () => {
    const { id } = await reply();
    await move(id, -1);
    const late = await call(ALICE, 'POST', `/approvals/${id}/approve`, {});
    expect([late.status, late.body.detail]).toEqual([409, expect.stringContaining('time was over')]);
    await Promise.all([tick(), tick(), tick()]);
    await until('it has ended', async () => (await statusOf(id)) === 'expired');
    expect(settled.filter((approval) => approval.id === id).map(({ status }) => status)).toEqual(['expired']);
    expect(await operations(id)).toEqual(['expired', 'requested']);
  });

  test('reminds once, when four hours are left', async () => {
    const events = gateway.app.get(PersonEvents, { strict: false });
    const { id } = await reply();
    const before = await events.last('acme', 'alice');
    await move(id, 3);
    const reminders = async () =>
      (await events.after('acme', 'alice', before)).filter(({ payload }) => payload.id === id && payload.reminder);
    await until('a reminder', async () => {
      await tick();
      return (await reminders()).length > 0;
    });
    await tick();
    expect(await reminders()).toHaveLength(1);
    expect(await statusOf(id)).toBe('pending');
  });
});
