import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ALICE, BOB, conversation, envelope, type ExchangeGateway, startExchangeGateway } from './support.ts';

let at: ExchangeGateway;
beforeAll(async () => {
  at = await startExchangeGateway();
});
afterAll(() => at?.gateway.stop());

test('a question goes over, is answered, and is in both audits, told to the receiver and sealed in the database', async () => {
  const id = conversation();
  const asked = await at.send('bob', 'olga', 'Which week is the audit?', envelope('bob', id));
  expect([asked.status, asked.body]).toEqual([
    201,
    { exchangeId: expect.any(String), outcome: 'in_progress', round: 1, delivered: true, waitingFor: [], withheld: [] },
  ]);
  const { exchangeId } = asked.body;
  const answered = await at.send('olga', 'bob', 'The second of December.', envelope('olga', id, 2), {
    as: 'olga@acme.test',
  });
  expect(answered.body).toMatchObject({ exchangeId, outcome: 'in_progress', round: 2, delivered: true });
  for (const userId of ['bob', 'olga']) {
    const entries = (await at.audit(userId)).filter(({ actionDetail }) => actionDetail.exchangeId === exchangeId);
    expect(
      entries.map(({ outcome, actionDetail: { round, role, state, shared } }) => [outcome, round, role, state, shared]),
    ).toEqual(
      [2, 1].map((round) => [
        'success',
        round,
        (round === 1) === (userId === 'bob') ? 'sender' : 'receiver',
        'delivered',
        [{ part: 'message', classification: 'internal' }],
      ]),
    );
  }
  expect(await at.told('olga')).toContainEqual(
    expect.objectContaining({
      kind: 'message',
      exchangeId,
      round: 1,
      from: { userId: 'bob', name: 'Bob Brown' },
      message: { text: 'Which week is the audit?', parts: [] },
      envelope: expect.objectContaining({ max_rounds: 3, reply_policy: 'agent-ok', expires_at: expect.any(String) }),
    }),
  );
  const rows = await at.system(`SELECT * FROM exchange_messages`);
  expect(JSON.stringify(rows)).not.toContain('Which week');
  const seen = await at.get(BOB, exchangeId);
  expect(seen.body).toMatchObject({
    round: 2,
    maxRounds: 3,
    askerId: 'bob',
    responderId: 'olga',
    outcome: 'in_progress',
  });
  expect(seen.body.messages.map(({ message }: { message: { text: string } }) => message.text)).toEqual([
    'Which week is the audit?',
    'The second of December.',
  ]);
  expect((await at.get(ALICE, exchangeId)).status).toBe(404);
  expect((await at.get('admin@acme.test', exchangeId)).status).toBe(404);
  expect((await at.get(at.agents.bob!, exchangeId)).status).toBe(200);
  expect((await at.get(at.agents.alice!, exchangeId)).status).toBe(404);
  const list = await at.gateway.call(at.agents.bob!, 'GET', '/api/v1/exchanges?outcome=in_progress');
  expect(list.body.items.map((item: { id: string }) => item.id)).toContain(exchangeId);
});
