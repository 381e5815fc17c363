import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { type ApprovalsGateway, newId, startApprovalsGateway } from './support.ts';

const [ALICE, BOB, TOMAS, ADMIN, EVE] = [
  'alice@acme.test',
  'bob@acme.test',
  'tomas@acme.test',
  'admin@acme.test',
  'eve@globex.test',
];
let at: ApprovalsGateway;
let assistant: string;
let stranger: string;

beforeAll(async () => {
  at = await startApprovalsGateway();
  const token = async (name: string, userIds: string[]) =>
    (await at.call(ADMIN, 'POST', '/agent-tokens', { name, userIds })).body.token as string;
  assistant = await token('desk', ['alice']);
  stranger = await token('other', ['bob']);
});
afterAll(() => at?.gateway.stop());
beforeEach(() => {
  const text = z.string().min(1).max(100);
  at.own('reply', {
    editable: z.object({ text: text.optional(), subject: text.optional() }),
    settled: async () => undefined,
  });
  at.own('commitment', { settled: async () => undefined });
});

test('an approval is seen by its person, their assistant and an enterprise admin, and is not there for others', async () => {
  const { id } = await at.ask();
  const statuses = [];
  for (const who of [ALICE, assistant, ADMIN, BOB, TOMAS, stranger, EVE])
    statuses.push((await at.call(who, 'GET', `/approvals/${id}`)).status);
  expect(statuses).toEqual([200, 200, 200, 404, 404, 404, 404]);
});

test('only the person concerned decides: assistants and admins may look, others hear that there is nothing', async () => {
  const { id } = await at.ask();
  for (const [who, status] of [
    [assistant, 403],
    [stranger, 403],
    [ADMIN, 403],
    [BOB, 404],
    [TOMAS, 404],
    [EVE, 404],
  ] as const)
    for (const verb of ['approve', 'reject'])
      expect([who, (await at.call(who, 'POST', `/approvals/${id}/${verb}`, {})).status]).toEqual([who, status]);
  expect((await at.call(ALICE, 'GET', `/approvals/${id}`)).body.status).toBe('pending');
  const approved = await at.call(ALICE, 'POST', `/approvals/${id}/approve`, {});
  expect([approved.status, approved.body]).toEqual([
    200,
    expect.objectContaining({ status: 'approved', decidedBy: 'user:alice' }),
  ]);
  const late = await at.call(ALICE, 'POST', `/approvals/${id}/reject`, { reason: 'no' });
  expect([late.status, late.body.detail]).toEqual([
    409,
    expect.stringMatching(/approved by user:alice at 20.*first decision holds/),
  ]);
});

test('an assistant cannot decide where it gets past the routes either', async () => {
  const { id } = await at.ask();
  const agent = { kind: 'agent', tenantId: 'acme', tokenId: 'x', name: 'desk', userIds: '*' } as const;
  await expect(at.approvals.decide(agent, id, { approve: true }, 'r')).rejects.toMatchObject({ code: 'forbidden' });
});

test('what is edited is what is approved', async () => {
  const { id, proposal } = await at.ask();
  const edit = { text: 'At one.' };
  const { body } = await at.call(ALICE, 'POST', `/approvals/${id}/approve`, { edit });
  expect(body).toMatchObject({ status: 'approved', edited: true, proposal: { ...proposal, ...edit } });
  expect((await at.told('alice', id))[1]!.payload).toMatchObject({ status: 'approved', edited: true });
});

test('edits are checked: fields, values, and whether the kind takes any', async () => {
  const { id } = await at.ask();
  const other = await at.ask({ kind: 'commitment', exchangeId: newId() });
  const refused = async (of: string, body: unknown) => {
    const answer = await at.call(ALICE, 'POST', `/approvals/${of}/approve`, body);
    return [answer.status, answer.body.errors[0].path];
  };
  expect(await refused(id, { edit: { to: ['eve@globex.test'] } })).toEqual([400, 'edit.to']);
  expect(await refused(id, { edit: { text: '' } })).toEqual([400, 'edit.text']);
  expect(await refused(id, { edit: {} })).toEqual([400, 'edit']);
  expect(await refused(id, { edit: 'x' })).toEqual([400, 'edit']);
  expect(await refused(id, { edits: {} })).toEqual([400, expect.anything()]);
  expect(await refused(other.id, { edit: { text: 'x' } })).toEqual([400, 'edit']);
  expect((await at.call(ALICE, 'GET', `/approvals/${id}`)).body.status).toBe('pending');
});

test('a rejection keeps its reason', async () => {
  const { id } = await at.ask();
  await at.call(ALICE, 'POST', `/approvals/${id}/reject`, { reason: 'Not like this.' });
  const { body } = await at.call(ALICE, 'GET', `/approvals/${id}`);
  expect(body).toMatchObject({ status: 'rejected', reason: 'Not like this.', decidedBy: 'user:alice' });
  expect(await at.audited(id)).toEqual([
    {
      actor: 'user:alice',
      outcome: 'denied',
      detail: expect.objectContaining({ operation: 'approval.rejected', reason: 'Not like this.' }),
    },
  ]);
});

test('the list is one’s own, newest first, by status and kind, and goes on where a page ended', async () => {
  const mine = [];
  for (let i = 0; i < 3; i++) mine.unshift((await at.ask({ userId: 'carol' })).id);
  await at.ask({ userId: 'bob' });
  const carol = (query: string) => at.call('carol@acme.test', 'GET', `/approvals${query}`);
  expect((await carol('')).body.items.map(({ id }: { id: string }) => id)).toEqual(mine);
  const first = (await carol('?limit=2')).body;
  expect(first.nextCursor).toBe(mine[1]);
  expect((await carol(`?limit=2&cursor=${first.nextCursor}`)).body).toMatchObject({
    items: [{ id: mine[2] }],
    nextCursor: null,
  });
  await at.call('carol@acme.test', 'POST', `/approvals/${mine[0]}/reject`, {});
  expect((await carol('?status=rejected')).body.items).toHaveLength(1);
  expect((await carol('?status=pending&kind=reply')).body.items).toHaveLength(2);
  expect((await carol('?kind=tool')).body.items).toEqual([]);
  expect((await at.call(ADMIN, 'GET', '/approvals?userId=carol')).body.items).toHaveLength(3);
  expect((await at.call(ADMIN, 'GET', '/approvals')).body.items).toEqual([]);
  expect((await at.call(BOB, 'GET', '/approvals?userId=carol')).status).toBe(404);
  expect((await at.call(stranger, 'GET', '/approvals?userId=carol')).status).toBe(404);
  const seen = (await at.call(assistant, 'GET', '/approvals')).body.items;
  expect(new Set(seen.map(({ userId }: { userId: string }) => userId))).toEqual(new Set(['alice']));
});

test('bad input is refused with the field', async () => {
  for (const [path, field] of [
    ['/approvals?status=open', 'status'],
    ['/approvals?kind=mail', 'kind'],
    ['/approvals?limit=0', 'limit'],
    ['/approvals?cursor=x', 'cursor'],
    ['/approvals/x', expect.anything()],
  ] as const) {
    const { status, body } = await at.call(ALICE, 'GET', path);
    expect([path, status, body.errors[0].path]).toEqual([path, 400, field]);
  }
  const { id } = await at.ask();
  expect((await at.call(ALICE, 'POST', `/approvals/${id}/reject`, { reason: '' })).status).toBe(400);
  expect((await at.call(ALICE, 'POST', `/approvals/${id}/reject`, { why: 'x' })).status).toBe(400);
  expect((await at.call(ALICE, 'POST', `/approvals/${newId()}/reject`, {})).status).toBe(404);
});
