import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Clock } from '#libs/clock';
import { TimeOver } from '../../src/exchange/time-over.ts';
import { until } from '../harness/until.ts';
import { ADMIN, ALICE, BOB, conversation, envelope, type ExchangeGateway, startExchangeGateway } from './support.ts';

const OLGA = 'olga@acme.test';
let at: ExchangeGateway;
beforeAll(async () => {
  at = await startExchangeGateway();
  const person = (id: string, orgId = 'engineering') => ({ id, email: `${id}@acme.test`, name: id, orgId });
  await admin('/users', {
    users: [person('fay', 'sales'), person('gus'), person('hal'), person('ivy'), person('ken')],
  });
  const rules = (userId: string, domain: string, content: string) =>
    admin('/policies', {
      ...{ scope: 'user', scopeId: userId, domain, name: `Of ${userId} alone`, version: '1.0.0', content },
      ...{ changeReason: 'a test', status: 'active' },
    });
  await rules('gus', 'agent-to-agent', 'enabled: false\n');
  await rules('ivy', 'features', 'ocip_exchange: false\n');
  await rules('hal', 'agent-to-agent', 'allowed_exchange_types: [information_query]\n');
  const { body } = await admin('/agent-tokens', { name: 'all', userIds: '*' });
  anybody = body.token;
});
afterAll(() => at?.gateway.stop());

let anybody: string;
const admin = async (path: string, body: unknown) => {
  const answer = await at.gateway.call(ADMIN, 'POST', `/api/v1${path}`, body);
  expect([answer.status, answer.body.detail]).toEqual([201, undefined]);
  return answer;
};
const entriesOf = async (userId: string, conversationId: string) =>
  (await at.audit(userId)).filter(({ actionDetail }) => actionDetail.conversationId === conversationId);
const toldOf = async (userId: string, exchangeId: string) =>
  (await at.told(userId)).filter((payload) => payload.exchangeId === exchangeId);
const said = async (exchangeId: string, who = OLGA) =>
  (await at.get(who, exchangeId)).body.messages.map(({ message }: { message: { text: string } }) => message?.text);
/** Bob asks Olga. */
const ask = (id: string, more: Record<string, unknown> = {}, message: unknown = 'Which week is the audit?') =>
  at.send('bob', 'olga', message, envelope('bob', id, 1, more));
/** Olga answers in person. */
const reply = (id: string, round: number, more: Record<string, unknown> = {}, message = 'The second of December.') =>
  at.send('olga', 'bob', message, envelope('olga', id, round, more), { as: OLGA });

test('a question goes over, is answered, and is in both audits, told to the receiver and sealed in the database', async () => {
  const id = conversation();
  const asked = await ask(id);
  expect([asked.status, asked.body]).toEqual([
    201,
    { exchangeId: expect.any(String), outcome: 'in_progress', round: 1, delivered: true, waitingFor: [], withheld: [] },
  ]);
  const { exchangeId } = asked.body;
  expect((await reply(id, 2)).body).toMatchObject({ exchangeId, outcome: 'in_progress', round: 2, delivered: true });
  for (const userId of ['bob', 'olga']) {
    const entries = await entriesOf(userId, id);
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
  expect(await toldOf('olga', exchangeId)).toEqual([
    expect.objectContaining({
      kind: 'message',
      round: 1,
      from: { userId: 'bob', name: 'Bob Brown' },
      message: { text: 'Which week is the audit?', parts: [] },
      envelope: expect.objectContaining({ max_rounds: 3, reply_policy: 'agent-ok', expires_at: expect.any(String) }),
    }),
  ]);
  expect(JSON.stringify(await at.system(`SELECT * FROM exchange_messages`))).not.toContain('Which week');
  expect(await said(exchangeId)).toEqual(['Which week is the audit?', 'The second of December.']);
});

test('an exchange is seen by its two people and their assistants, and by nobody else', async () => {
  const { exchangeId } = (await ask(conversation())).body;
  const statuses = async (...callers: string[]) =>
    Promise.all(callers.map(async (who) => (await at.get(who, exchangeId)).status));
  expect(await statuses(BOB, OLGA, at.agents.bob!, anybody)).toEqual([200, 200, 200, 200]);
  expect(await statuses(ALICE, ADMIN, at.agents.alice!, 'eve@globex.test')).toEqual([404, 404, 404, 404]);
  const list = (who: string) => at.gateway.call(who, 'GET', '/api/v1/exchanges?outcome=in_progress&limit=100');
  const ids = async (who: string) => (await list(who)).body.items.map((item: { id: string }) => item.id);
  expect(await ids(at.agents.bob!)).toContain(exchangeId);
  expect(await ids(at.agents.alice!)).not.toContain(exchangeId);
});

describe('who speaks', () => {
  test.each([
    ['another person', { user_id: 'alice' }],
    ['another org', { org_unit: 'legal' }],
    ['another tenant', { tenant_id: 'globex' }],
  ])('an envelope that claims %s is refused, and both logs say so', async (_, claim) => {
    const id = conversation();
    const forged = envelope('bob', id);
    const sent = await at.send(
      'bob',
      'olga',
      'Hello?',
      { ...forged, source_agent: { ...forged.source_agent, ...claim } },
      { onBehalfOf: 'bob' },
    );
    expect([sent.status, sent.body.code]).toEqual([403, 'forbidden']);
    for (const userId of ['bob', 'olga'])
      expect(await entriesOf(userId, id)).toMatchObject([{ outcome: 'denied', policyReason: sent.body.detail }]);
    expect(await at.system(`SELECT 1 FROM exchanges WHERE conversation_id = $1`, [id])).toEqual([]);
  });

  test('an assistant speaks for its own people only, whatever it says', async () => {
    const id = conversation();
    const forged = await at.send('alice', 'olga', 'Hello?', envelope('bob', id));
    const named = await at.send('alice', 'olga', 'Hello?', envelope('alice', id), { onBehalfOf: 'bob' });
    const person = await at.send('bob', 'olga', 'Hello?', envelope('bob', id), { as: ALICE, onBehalfOf: 'bob' });
    expect([forged, named, person].map(({ status }) => status)).toEqual([403, 403, 403]);
    const { body } = await at.gateway.call(
      ADMIN,
      'GET',
      `/api/v1/audit?actionType=agent_exchange&requestId=${forged.body.requestId}`,
    );
    expect(body.items).toMatchObject([{ outcome: 'denied', userId: null, actionDetail: { claimed: 'bob' } }]);
    expect((await at.send('bob', 'olga', 'Hello?', envelope('bob', id), { as: anybody })).status).toBe(201);
  });

  test('an assistant is no human and commits to nothing', async () => {
    const human = await ask(conversation(), { message_type: 'human' });
    const commits = await ask(conversation(), { capabilities: { can_commit: true, can_share: ['calendar'] } });
    expect([human.status, commits.status]).toEqual([403, 403]);
  });

  test('nobody of another tenant can be written to, and nothing shows there', async () => {
    const id = conversation();
    const foreign = await at.send('bob', 'dave', 'Hello?', envelope('bob', id));
    const nobody = await at.send('bob', 'nobody', 'Hello?', envelope('bob', id));
    expect([foreign.status, foreign.body.code, foreign.body.detail]).toEqual([404, 'not_found', nobody.body.detail]);
    expect(await entriesOf('bob', id)).toMatchObject([{ outcome: 'denied' }, { outcome: 'denied' }]);
    expect(await at.audit('dave', 'eve@globex.test')).toEqual([]);
    expect(await at.system(`SELECT 1 FROM exchanges WHERE tenant_id <> 'acme'`)).toEqual([]);
  });
});

describe('policy of both sides', () => {
  test.each([
    [
      'exchanges are off for the receiver',
      'bob',
      'gus',
      'information_query',
      'The policies of the person written to do not allow this exchange.',
    ],
    ['exchanges are off for the sender', 'gus', 'bob', 'information_query', 'Of gus alone'],
    [
      'the type is not allowed to the receiver',
      'bob',
      'hal',
      'commitment_request',
      'The policies of the person written to do not allow this exchange.',
    ],
    ['the type is not allowed to the sender', 'hal', 'bob', 'commitment_request', 'Of hal alone'],
    [
      'the feature is off for the receiver',
      'bob',
      'ivy',
      'information_query',
      'The policies of the person written to do not allow this exchange.',
    ],
    ['the feature is off for the sender', 'ivy', 'bob', 'information_query', 'Of ivy alone'],
    ['the other one is in another org', 'bob', 'fay', 'information_query', 'exchanges with other orgs are off'],
  ])('%s', async (_, from, to, exchange_type, reason) => {
    const id = conversation();
    const sent = await at.send(from, to, 'Which week?', envelope(from, id, 1, { exchange_type }), { as: anybody });
    expect([sent.status, sent.body]).toMatchObject([201, { outcome: 'denied', delivered: false, round: 0 }]);
    expect(sent.body.reason).toContain(reason);
    for (const userId of [from, to])
      expect(await entriesOf(userId, id)).toMatchObject([
        { outcome: 'denied', actionDetail: { outcome: 'denied', shared: [] } },
      ]);
    expect(await toldOf(to, sent.body.exchangeId)).toEqual([]);
    expect(
      (await at.send(from, to, 'And now?', envelope(from, id, 2, { exchange_type }), { as: anybody })).status,
    ).toBe(409);
  });

  test('each log names the policies of its own person only', async () => {
    const id = conversation();
    await at.send('bob', 'gus', 'Which week?', envelope('bob', id));
    expect((await entriesOf('gus', id))[0]!.policyReason).toContain('Of gus alone');
    expect((await entriesOf('bob', id))[0]!.policyReason).not.toContain('gus');
  });

  test('a sender whose policy wants approval is asked first', async () => {
    const { body } = await at.send('hal', 'bob', 'Which week?', envelope('hal', conversation()), { as: anybody });
    expect(body.delivered).toBe(true);
    await admin('/policies', {
      ...{ scope: 'user', scopeId: 'hal', domain: 'actions', name: 'Ask', version: '1.0.0', status: 'active' },
      ...{ content: 'actions:\n  sessions_send: approve\n', changeReason: 'a test' },
    });
    const held = await at.send('hal', 'bob', 'Which day?', envelope('hal', conversation()), { as: anybody });
    expect(held.body).toMatchObject({ outcome: 'in_progress', delivered: false, waitingFor: ['hal'] });
  });
});

describe('classification', () => {
  test('a message above what the sender may share does not go over', async () => {
    const id = conversation();
    const sent = await ask(id, { classification: 'confidential' });
    expect(sent.body).toMatchObject({
      outcome: 'denied',
      withheld: [{ part: 'message', classification: 'confidential' }],
    });
    expect(sent.body.reason).toContain('confidential data is above internal');
    for (const userId of ['bob', 'olga'])
      expect(await entriesOf(userId, id)).toMatchObject([
        {
          outcome: 'denied',
          actionDetail: { shared: [], withheld: [{ part: 'message', why: expect.stringContaining('above internal') }] },
        },
      ]);
    expect(await said(sent.body.exchangeId)).toEqual([]);
  });

  test('what a message calls itself does not hide what is in it', async () => {
    const sent = await ask(conversation(), { classification: 'public' }, 'Is the salary of Tomas 90000?');
    expect(sent.body).toMatchObject({ outcome: 'denied', delivered: false });
  });

  test('parts above the limit stay back, and both logs say which and why', async () => {
    const id = conversation();
    const parts = [
      { text: 'The plan has four steps.', classification: 'internal' },
      { text: 'What the lawyers wrote.', classification: 'restricted' },
      { text: 'The payroll of May.', classification: 'public' },
    ];
    const sent = await ask(id, {}, { text: 'Have you seen these?', parts });
    expect(sent.body).toMatchObject({ delivered: true, withheld: [{ part: 'part 2' }, { part: 'part 3' }] });
    for (const userId of ['bob', 'olga'])
      expect(await entriesOf(userId, id)).toMatchObject([
        {
          outcome: 'success',
          actionDetail: {
            shared: [{ part: 'message' }, { part: 'part 1', classification: 'internal' }],
            withheld: [
              { part: 'part 2', classification: 'restricted', why: expect.stringContaining('above internal') },
              { part: 'part 3', classification: 'confidential', why: expect.stringContaining('above internal') },
            ],
          },
        },
      ]);
    const [told] = await toldOf('olga', sent.body.exchangeId);
    expect(told!.message).toEqual({ text: 'Have you seen these?', parts: [parts[0]] });
    expect(JSON.stringify(told)).not.toContain('lawyers');
  });
});

describe('rounds', () => {
  test('a round cannot be skipped, taken again or begun anew', async () => {
    const id = conversation();
    await ask(id);
    await reply(id, 2);
    expect((await ask(id, {}, 'Something else?')).body).toMatchObject({
      status: 409,
      detail: expect.stringContaining('another message'),
    });
    expect((await reply(id, 1)).body).toMatchObject({
      status: 409,
      detail: expect.stringContaining('the next round is 3'),
    });
    expect((await reply(conversation(), 2)).status).toBe(409);
    const entries = await entriesOf('olga', id);
    expect(entries.map(({ outcome }) => outcome)).toEqual(['denied', 'denied', 'success', 'success']);
  });

  test('the same message once more gets the first answer and is stored once', async () => {
    const id = conversation();
    const [first, second] = [await ask(id), await ask(id)];
    expect(second.body).toEqual(first.body);
    const later = await reply(id, 2);
    expect((await ask(id)).body).toEqual(first.body);
    expect((await reply(id, 2)).body).toEqual(later.body);
    expect(await said(first.body.exchangeId)).toHaveLength(2);
    expect(await toldOf('olga', first.body.exchangeId)).toHaveLength(1);
  });

  test('beyond the limit, which no later envelope moves, people take over with a summary', async () => {
    const id = conversation();
    const wish = { max_rounds: 50, expires_at: new Date(Date.now() + 3_600_000).toISOString() };
    // Alice's team has a limit of two.
    const first = await at.send('alice', 'bob', 'Which week?', envelope('alice', id, 1, wish));
    const longer = { max_rounds: 99, expires_at: new Date(Date.now() + 20 * 86_400_000).toISOString() };
    await at.send('bob', 'alice', 'Which one do you mean?', envelope('bob', id, 2, longer));
    const third = await at.send('alice', 'bob', 'That of the audit.', envelope('alice', id, 3, longer));
    expect(third.body).toMatchObject({
      outcome: 'escalated',
      delivered: false,
      reason: 'Round 3 is above the limit of 2.',
    });
    const { body } = await at.get(BOB, first.body.exchangeId);
    expect(body).toMatchObject({ outcome: 'escalated', round: 2, maxRounds: 2, expiresAt: wish.expires_at });
    expect(body.summary.split('\n')).toEqual([
      'Alice Adams (alice) and Bob Brown (bob): information query, 2 of 2 rounds.',
      'Why people take over: Round 3 is above the limit of 2.',
      'Asked: Which week?',
      'Last said, by Bob Brown: Which one do you mean?',
      'Shared: round 1 by Alice Adams (internal); round 2 by Bob Brown (internal)',
      'Withheld: nothing',
    ]);
    for (const userId of ['alice', 'bob'])
      expect((await toldOf(userId, first.body.exchangeId)).at(-1)).toMatchObject({
        kind: 'outcome',
        outcome: 'escalated',
        summary: body.summary,
      });
    expect((await at.send('bob', 'alice', 'More?', envelope('bob', id, 3))).status).toBe(409);
    const ended = await at.gateway.call(ALICE, 'POST', `/api/v1/exchanges/${first.body.exchangeId}/resolve`, {
      note: 'We have talked.',
    });
    expect(ended.body).toMatchObject({ outcome: 'resolved', note: 'We have talked.' });
  });

  test('of assistants that race for one round one wins', async () => {
    const id = conversation();
    const { exchangeId } = (await ask(id)).body;
    const racing = await Promise.all([
      ...Array.from({ length: 4 }, (_, n) => reply(id, 2, {}, `Olga ${n}.`)),
      ...Array.from({ length: 4 }, (_, n) => at.send('bob', 'olga', `Bob ${n}.`, envelope('bob', id, 2))),
    ]);
    expect(racing.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(409)]);
    expect(await said(exchangeId)).toHaveLength(2);
    const starts = conversation();
    const begun = await Promise.all(Array.from({ length: 6 }, (_, n) => ask(starts, {}, `Question ${n}?`)));
    expect(begun.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  test('a conversation belongs to its two people', async () => {
    const id = conversation();
    await ask(id);
    const other = await at.send('alice', 'bob', 'Hello?', envelope('alice', id, 2));
    expect([other.status, other.body.exchangeId]).toEqual([409, undefined]);
    expect((await ask(id, { exchange_round: 2, exchange_type: 'meeting_scheduling' })).status).toBe(409);
  });

  test('the same question cannot be begun again and again', async () => {
    const settings = at.gateway.settings as { EXCHANGE_REPEATS_PER_PAIR: number };
    settings.EXCHANGE_REPEATS_PER_PAIR = 2;
    try {
      const begun = await Promise.all(Array.from({ length: 5 }, () => ask(conversation(), {}, 'Once more: why?')));
      expect(begun.map(({ status }) => status).sort()).toEqual([201, 201, 429, 429, 429]);
      expect((await ask(conversation(), {}, 'Something else: why?')).status).toBe(201);
    } finally {
      settings.EXCHANGE_REPEATS_PER_PAIR = 10_000;
    }
  });
});

describe('people decide', () => {
  test('words that commit the sender wait for the sender, and are unseen until then', async () => {
    const id = conversation();
    const hidden = 'You can c\u200bount on us: two people from Monday.';
    const sent = await ask(id, {}, hidden);
    const { exchangeId } = sent.body;
    expect(sent.body).toMatchObject({ outcome: 'in_progress', delivered: false, waitingFor: ['bob'] });
    expect([await said(exchangeId), await said(exchangeId, BOB)]).toEqual([[], [hidden]]);
    expect(await toldOf('olga', exchangeId)).toEqual([]);
    expect(await entriesOf('olga', id)).toMatchObject([
      { outcome: 'pending_approval', policyReason: 'Only people commit.', actionDetail: { shared: [] } },
    ]);
    expect((await reply(id, 2)).body.detail).toContain('waits for a person');
    await at.decide('bob', exchangeId, 'approved');
    expect(await said(exchangeId)).toEqual([hidden]);
    expect((await toldOf('olga', exchangeId))[0]).toMatchObject({ kind: 'message', message: { text: hidden } });
    for (const userId of ['bob', 'olga'])
      expect((await entriesOf(userId, id))[0]).toMatchObject({
        actionDetail: { operation: 'exchange.released', shared: [{ part: 'message', classification: 'internal' }] },
      });
    expect((await reply(id, 2)).body).toMatchObject({ outcome: 'in_progress', round: 2 });
  });

  test('what the sender says no to never goes over', async () => {
    const id = conversation();
    const { exchangeId } = (await ask(id, {}, 'We guarantee it.')).body;
    await at.decide('bob', exchangeId, 'rejected');
    expect((await at.get(OLGA, exchangeId)).body).toMatchObject({ outcome: 'denied', messages: [] });
    expect((await ask(id, { exchange_round: 2 })).status).toBe(409);
  });

  test('a request is answered by the responder: yes resolves it, whatever the envelope says', async () => {
    const request = { exchange_type: 'commitment_request', requires_commitment: false };
    const sent = await ask(conversation(), request, 'Two people for a week?');
    expect(sent.body).toMatchObject({ delivered: true, waitingFor: ['olga'] });
    await at.decide('olga', sent.body.exchangeId, 'approved');
    expect((await at.get(BOB, sent.body.exchangeId)).body).toMatchObject({ outcome: 'resolved', waitingFor: [] });
    const refused = await ask(conversation(), request, 'Three people for a week?');
    await at.decide('olga', refused.body.exchangeId, 'rejected');
    expect((await at.get(BOB, refused.body.exchangeId)).body).toMatchObject({ outcome: 'denied' });
  });

  test('what an assistant answers to a request waits for its person', async () => {
    const id = conversation();
    const request = { exchange_type: 'commitment_request' };
    const { exchangeId } = (await ask(id, request, 'Two people for a week?')).body;
    const answer = await at.send('olga', 'bob', 'Yes, two.', envelope('olga', id, 2, request), { as: anybody });
    expect(answer.body).toMatchObject({ delivered: false, waitingFor: ['olga', 'olga'] });
    await at.decide('olga', exchangeId, 'approved');
    expect((await at.get(BOB, exchangeId)).body).toMatchObject({ outcome: 'in_progress', waitingFor: ['olga'] });
  });

  test('what people are asked lies in their queue with the words, and each round is asked about by itself', async () => {
    const id = conversation();
    const { exchangeId } = (await ask(id, {}, 'We guarantee one.')).body;
    const queue = async () =>
      (await at.system(`SELECT kind, status, classification, proposal, exchange_id FROM approvals ORDER BY id`)).filter(
        ({ proposal }) => (proposal as { exchangeId: string }).exchangeId === exchangeId,
      );
    expect(await queue()).toEqual([
      {
        kind: 'commitment',
        status: 'pending',
        classification: 'internal',
        exchange_id: exchangeId,
        proposal: expect.objectContaining({
          ...{ exchangeId, round: 1, from: 'bob', to: 'olga' },
          message: { text: 'We guarantee one.', parts: [] },
          reason: 'Only people commit. Found: guarantee.',
        }),
      },
    ]);
    await at.decide('bob', exchangeId, 'approved');
    const second = await ask(id, { exchange_round: 2 }, 'We guarantee two.');
    expect(second.body).toMatchObject({ delivered: false, waitingFor: ['bob'] });
    await at.decide('bob', exchangeId, 'approved');
    expect((await queue()).map(({ status }) => status)).toEqual(['approved', 'approved']);
    expect((await queue()).map((one) => one.exchange_id)).toEqual([exchangeId, exchangeId]);
    expect(await said(exchangeId)).toEqual(['We guarantee one.', 'We guarantee two.']);
  });

  test('a yes after the end changes nothing and is refused', async () => {
    const { exchangeId } = (await ask(conversation(), {}, 'We guarantee it.')).body;
    const [{ waiting }] = (await at.system(`SELECT waiting FROM exchanges WHERE id = $1`, [exchangeId])) as [
      { waiting: [{ approvalId: string }] },
    ];
    await at.gateway.call(OLGA, 'POST', `/api/v1/exchanges/${exchangeId}/resolve`, { outcome: 'denied' });
    await expect(at.word('bob', waiting[0].approvalId, true)).rejects.toMatchObject({ code: 'conflict' });
    expect(await said(exchangeId)).toEqual([]);
    await at.word('bob', waiting[0].approvalId, false);
    expect((await at.get(BOB, exchangeId)).body).toMatchObject({ outcome: 'denied', endedBy: 'user:olga' });
  });

  test('a yes that policy no longer lets be ends the exchange', async () => {
    const sent = await at.send('ken', 'bob', 'We guarantee it.', envelope('ken', conversation()), { as: anybody });
    expect(sent.body).toMatchObject({ waitingFor: ['ken'] });
    await admin('/policies', {
      ...{ scope: 'user', scopeId: 'ken', domain: 'features', name: 'Off', version: '1.0.0', status: 'active' },
      ...{ content: 'ocip_exchange: false\n', changeReason: 'a test' },
    });
    await expect(at.decide('ken', sent.body.exchangeId, 'approved')).rejects.toMatchObject({ code: 'conflict' });
    expect((await at.get(BOB, sent.body.exchangeId)).body).toMatchObject({
      ...{ outcome: 'denied', reason: 'Policy no longer lets this be.', messages: [] },
    });
  });

  test('of two who decide upon a meeting at once the last one resolves it, without a dead lock', async () => {
    for (let n = 0; n < 5; n++) {
      const meeting = { exchange_type: 'meeting_scheduling' };
      const { exchangeId } = (await ask(conversation(), meeting, `Tuesday at ${n}?`)).body;
      const other = ask(conversation(), {}, `We guarantee ${n}.`);
      await Promise.all([at.decide('bob', exchangeId, 'approved'), at.decide('olga', exchangeId, 'approved'), other]);
      expect((await at.get(OLGA, exchangeId)).body).toMatchObject({ outcome: 'resolved', messages: [{ round: 1 }] });
    }
  });

  test('a meeting needs both people, and its invitation no assistant answers', async () => {
    const id = conversation();
    const meeting = { exchange_type: 'meeting_scheduling', reply_policy: 'agent-ok' };
    const { exchangeId, ...sent } = (await ask(id, meeting, 'Tuesday at ten?')).body;
    expect(sent).toMatchObject({ delivered: false, waitingFor: ['bob', 'olga'] });
    await at.decide('olga', exchangeId, 'approved');
    expect((await at.get(OLGA, exchangeId)).body).toMatchObject({
      outcome: 'in_progress',
      waitingFor: ['bob'],
      messages: [],
    });
    await at.decide('bob', exchangeId, 'approved');
    expect((await at.get(OLGA, exchangeId)).body).toMatchObject({ outcome: 'resolved', messages: [{ round: 1 }] });
  });

  test('a person speaks for themselves; what is for people only no assistant answers', async () => {
    const id = conversation();
    const human = envelope('bob', id, 1, { message_type: 'human', reply_policy: 'human-only' });
    const sent = await at.send('bob', 'olga', 'I promise.', human, { as: BOB });
    expect(sent.body).toMatchObject({ delivered: true, waitingFor: [] });
    const byAgent = await at.send('olga', 'bob', 'Thanks.', envelope('olga', id, 2), { as: anybody });
    expect([byAgent.status, byAgent.body.code]).toEqual([403, 'forbidden']);
    expect((await reply(id, 2, { message_type: 'human' })).status).toBe(201);
  });

  test('a message that needs no reply ends the exchange', async () => {
    const id = conversation();
    const sent = await ask(id, { reply_policy: 'no-reply-needed' }, 'The build is green again.');
    expect(sent.body).toMatchObject({ outcome: 'resolved', delivered: true });
    expect((await toldOf('olga', sent.body.exchangeId)).map(({ kind }) => kind)).toEqual(['message', 'outcome']);
    expect((await reply(id, 2)).status).toBe(409);
  });

  test('either person ends an exchange, once; an assistant cannot', async () => {
    const { exchangeId } = (await ask(conversation())).body;
    const end = (who: string, body: unknown = {}) =>
      at.gateway.call(who, 'POST', `/api/v1/exchanges/${exchangeId}/resolve`, body);
    expect((await end(at.agents.bob!)).status).toBe(403);
    expect((await end(ALICE)).status).toBe(404);
    const both = await Promise.all([end(BOB), end(OLGA, { outcome: 'denied' })]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    const { outcome } = both.find(({ status }) => status === 200)!.body;
    expect((await toldOf('bob', exchangeId)).map((payload) => payload.outcome)).toEqual([outcome]);
  });
});

describe('time', () => {
  const soon = () => new Date(at.gateway.app.get(Clock).now() + 700).toISOString();

  test('an envelope whose time is over is not taken', async () => {
    const sent = await ask(conversation(), { expires_at: '2026-01-01T00:00:00Z' });
    expect(sent.body).toMatchObject({ outcome: 'expired', delivered: false });
    const far = await ask(conversation(), { expires_at: '2099-01-01T00:00:00Z' });
    expect([far.status, far.body.code]).toEqual([400, 'validation_failed']);
  });

  test('an exchange ends by itself when its time is over, and both are told', async () => {
    const id = conversation();
    const { exchangeId } = (await ask(id, { expires_at: soon() })).body;
    await until('it has expired', async () => (await at.get(BOB, exchangeId)).body.outcome === 'expired');
    for (const userId of ['bob', 'olga']) {
      expect((await toldOf(userId, exchangeId)).at(-1)).toMatchObject({ kind: 'outcome', outcome: 'expired' });
      expect((await entriesOf(userId, id))[0]).toMatchObject({
        actor: 'system',
        actionDetail: { operation: 'exchange.ended' },
      });
    }
    expect((await reply(id, 2)).status).toBe(409);
  });

  test('of a decision, an end and the end of its time the first counts', async () => {
    for (let n = 0; n < 6; n++) {
      const { exchangeId } = (await ask(conversation(), {}, `We guarantee ${n}.`)).body;
      await at.system(`UPDATE exchanges SET expires_at = now() WHERE id = $1`, [exchangeId]);
      await Promise.all([
        at.gateway.app.get(TimeOver, { strict: false }).expireDue(),
        at.gateway.call(OLGA, 'POST', `/api/v1/exchanges/${exchangeId}/resolve`, {}),
        at.decide('bob', exchangeId, 'rejected').catch(() => undefined),
      ]);
      const ends = (await toldOf('bob', exchangeId)).filter(({ kind }) => kind === 'outcome');
      expect(ends).toHaveLength(1);
      expect((await at.get(BOB, exchangeId)).body.outcome).toBe(ends[0]!.outcome);
    }
  });

  test('what was said is dropped some time after the end; that it took place stays', async () => {
    const { exchangeId } = (await ask(conversation(), { reply_policy: 'no-reply-needed' })).body;
    await at.system(`UPDATE exchanges SET ended_at = now() - interval '91 days' WHERE id = $1`, [exchangeId]);
    await at.gateway.app.get(TimeOver, { strict: false }).dropTexts();
    expect((await at.get(OLGA, exchangeId)).body).toMatchObject({
      outcome: 'resolved',
      messages: [{ round: 1, message: null }],
    });
  });
});

test.each([
  ['to.userId', { to: {} }],
  ['to.userId', { to: { userId: 'bob' } }],
  ['message', { message: '' }],
  ['message', { message: { text: 'x', parts: [{ text: 'x', classification: 'secret' }] } }],
  ['envelope.exchange_round', { envelope: { exchange_round: 0 } }],
  ['envelope.classification', { envelope: { classification: 'secret' } }],
  ['envelope.source_agent.user_id', { envelope: { source_agent: { instance_id: 'x' } } }],
])(
  'a wrong %s is a 400 that names it: %j',
  async (path, { to, message, envelope: wrong }: { to?: object; message?: unknown; envelope?: object }) => {
    const body = {
      to: to ?? { userId: 'olga' },
      message: message ?? 'x',
      envelope: { ...envelope('bob', conversation()), ...wrong },
    };
    const answer = await at.gateway.call(BOB, 'POST', '/api/v1/exchanges', body);
    expect([answer.status, answer.body.errors?.map((error: { path: string }) => error.path)]).toEqual([
      400,
      expect.arrayContaining([path]),
    ]);
  },
);

test('half a character is refused, not stored', async () => {
  const answers = [
    await ask(conversation(), {}, 'x \ud800 y'),
    await ask(conversation(), { capabilities: { can_share: ['\udc00'] } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([400, 400]);
});

test('the metric counts messages by what they came to', async () => {
  const { register } = await import('prom-client');
  const text = await register.getSingleMetricAsString('ocip_messages_total');
  for (const outcome of ['in_progress', 'resolved', 'denied', 'escalated', 'expired', 'held', 'refused'])
    expect(text).toMatch(new RegExp(`ocip_messages_total\\{outcome="${outcome}"\\} [1-9]`));
});
