import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Approval } from '#approvals';
import { z } from 'zod';
import { type ApprovalsGateway, newId, startApprovalsGateway } from './support.ts';

let at: ApprovalsGateway;
let settled: Approval[];
let after: Approval[];

beforeAll(async () => {
  at = await startApprovalsGateway();
});
afterAll(() => at?.gateway.stop());
beforeEach(() => {
  [settled, after] = [[], []];
  at.own('reply', {
    editable: z.strictObject({ text: z.string().min(1).optional() }),
    settled: async (_, approval) => void settled.push(approval),
    after: (approval) => void after.push(approval),
  });
  at.own('commitment', { settled: async (_, approval) => void settled.push(approval) });
});

test('of fifty decisions at once exactly one holds, and the others hear which', async () => {
  const { id } = await at.ask();
  const alice = await at.principal('alice');
  const answers = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) =>
      at.approvals.decide(alice, id, i % 2 ? { approve: true } : { approve: false, reason: `no ${i}` }, `r-${i}`),
    ),
  );
  const won = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const lost = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
  expect(won).toHaveLength(1);
  expect(settled).toEqual(won);
  expect(after).toEqual(won);
  expect(lost).toHaveLength(49);
  const { status, decidedBy, decidedAt } = won[0]!;
  for (const problem of lost) {
    expect(problem.code).toBe('conflict');
    expect(problem.detail).toContain(`was ${status} by ${decidedBy} at ${decidedAt}`);
  }
  expect(await at.audited(id)).toHaveLength(1);
  expect((await at.told('alice', id)).map(({ event }) => event)).toEqual(['approval.pending', 'approval.decided']);
  expect(await at.approvals.find(alice, id)).toEqual(won[0]);
});

test('what its owner cannot store takes the decision back whole', async () => {
  const { id } = await at.ask();
  at.own('reply', {
    settled: async (tx) => {
      await tx.query(`UPDATE users SET name = 'Half' WHERE id = 'alice'`);
      throw new Error('no job');
    },
    after: (approval) => void after.push(approval),
  });
  const alice = await at.principal('alice');
  await expect(at.approvals.decide(alice, id, { approve: true }, 'r')).rejects.toThrow('no job');
  expect(await at.approvals.find(alice, id)).toMatchObject({ status: 'pending' });
  expect([after, await at.audited(id)]).toEqual([[], []]);
  expect(await at.told('alice', id)).toHaveLength(1);
  expect(await at.rows(`SELECT id FROM users WHERE name = 'Half'`)).toEqual([]);
});

test('the same asked twice, also at once, is one approval and one event', async () => {
  const [messageId, exchangeId] = [newId(), newId()];
  const replies = await Promise.all(Array.from({ length: 10 }, () => at.ask({ messageId })));
  expect(new Set(replies.map(({ id }) => id)).size).toBe(1);
  expect(await at.told('alice', replies[0]!.id)).toHaveLength(1);
  const both = [
    await at.ask({ kind: 'commitment', exchangeId }),
    await at.ask({ kind: 'commitment', exchangeId, userId: 'bob' }),
  ];
  expect((await at.ask({ kind: 'commitment', exchangeId })).id).toBe(both[0]!.id);
  expect(both[1]!.id).not.toBe(both[0]!.id);
});

test('a request whose transaction fails leaves neither approval nor event', async () => {
  const messageId = newId();
  let id = '';
  const work = at.database.tenant('acme', async (tx) => {
    const { tenantId, userId } = { tenantId: 'acme', userId: 'alice' };
    const wanted = { tenantId, userId, kind: 'reply', subject: 's', proposal: {}, classification: 'public' } as const;
    ({ id } = await at.approvals.request(tx, { ...wanted, messageId }));
    throw new Error('cut');
  });
  await expect(work).rejects.toThrow('cut');
  expect(await at.rows('SELECT id FROM approvals WHERE message_id = $1', [messageId])).toEqual([]);
  expect(await at.told('alice', id)).toEqual([]);
});
