import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ana, attempt, bo, NOW, running, yes } from './attempt.fixture.ts';
import { type Attempt, CHECKS, type ExchangeState, judge } from './checks.ts';
import { agreedRounds } from './rounds.ts';
import { shareUnder } from './sharing.ts';

const verdict = (...given: Parameters<typeof attempt>) => judge(CHECKS, attempt(...given));
const ago = new Date(NOW - 1).toISOString();

describe('passes', () => {
  test.each<[string, ReturnType<typeof attempt>]>([
    ['a first message', attempt()],
    ['an answer', attempt({ sender: bo, exchange: running() }, { exchange_round: 2 })],
    ['the last round', attempt({ exchange: running({ rounds: 2 }) }, { exchange_round: 3 })],
    ['a team as the org unit', attempt({}, { source_agent: { org_unit: 'east' } })],
    [
      'a human answer to a human-only message',
      attempt(
        { sender: bo, inPerson: true, exchange: running({ replyBy: 'bo' }) },
        { exchange_round: 2, message_type: 'human' },
      ),
    ],
    [
      'an answer that a person has had help with',
      attempt(
        { sender: bo, inPerson: true, exchange: running({ replyBy: 'bo' }) },
        { exchange_round: 2, message_type: 'agent-assisted' },
      ),
    ],
    [
      'a person who commits themselves',
      attempt({ inPerson: true, commitments: ['confirm'] }, { message_type: 'human' }),
    ],
    [
      'a person whose assistant would need approval',
      attempt(
        { inPerson: true, policy: { sender: { ...yes, needsPerson: true }, receiver: yes } },
        { message_type: 'human' },
      ),
    ],
    [
      'a message while a decision on an earlier one is awaited',
      attempt(
        { exchange: running({ exchangeType: 'commitment_request', asked: ['bo'] }) },
        { exchange_round: 2, exchange_type: 'commitment_request' },
      ),
    ],
    ['a time of its own before that of the exchange', attempt({}, { expires_at: new Date(NOW + 1_000).toISOString() })],
  ])('%s', (_, given) => expect(judge(CHECKS, given)).toEqual({ kind: 'pass' }));
});

describe('refuses', () => {
  const cases: [string, Partial<Attempt>, Parameters<typeof attempt>[1], string, string][] = [
    ['nobody to write to', { receiver: undefined }, {}, 'not_found', 'tenant'],
    ['somebody of another tenant', { receiver: { ...bo, tenantId: 'globex' } }, {}, 'not_found', 'tenant'],
    ['another tenant before a forged name', { receiver: undefined, speaksForSender: false }, {}, 'not_found', 'tenant'],
    ['a forged tenant', {}, { source_agent: { tenant_id: 'globex' } }, 'forbidden', 'tenant'],
    ['a forged person', {}, { source_agent: { user_id: 'bo' } }, 'forbidden', 'identity'],
    ['a forged org unit', {}, { source_agent: { org_unit: 'legal' } }, 'forbidden', 'identity'],
    ['a caller who may not speak for this person', { speaksForSender: false }, {}, 'forbidden', 'identity'],
    ['an assistant that says it is human', {}, { message_type: 'human' }, 'forbidden', 'identity'],
    [
      'an assistant that says it can commit',
      {},
      { capabilities: { can_commit: true, can_share: [] } },
      'forbidden',
      'identity',
    ],
    ['oneself', { receiver: ana }, {}, 'validation_failed', 'identity'],
    [
      'the conversation of others',
      { exchange: running({ askerId: 'cy' }) },
      { exchange_round: 2 },
      'conflict',
      'conversation',
    ],
    [
      'a change of type',
      { exchange: running() },
      { exchange_round: 2, exchange_type: 'meeting_scheduling' },
      'conflict',
      'conversation',
    ],
    ...(['resolved', 'escalated', 'denied', 'expired'] as const).map(
      (outcome) =>
        [
          `more after ${outcome}`,
          { exchange: running({ outcome }) },
          { exchange_round: 2 },
          'conflict',
          'conversation',
        ] as [string, Partial<Attempt>, object, string, string],
    ),
    [
      'an envelope that has expired by itself',
      { exchange: running() },
      { exchange_round: 2, expires_at: ago },
      'conflict',
      'expiry',
    ],
    ['31 days', {}, { expires_at: new Date(NOW + 31 * 86_400_000).toISOString() }, 'validation_failed', 'expiry'],
    [
      'an assistant where the person has to answer',
      { sender: bo, exchange: running({ replyBy: 'bo' }) },
      { exchange_round: 2 },
      'forbidden',
      'who may answer',
    ],
    [
      'a person who lets the assistant speak',
      { sender: bo, inPerson: true, exchange: running({ replyBy: 'bo' }) },
      { exchange_round: 2 },
      'forbidden',
      'who may answer',
    ],
    ['a round that has been', { exchange: running({ rounds: 2 }) }, { exchange_round: 1 }, 'conflict', 'rounds'],
    ['a round too early', { exchange: running() }, { exchange_round: 3 }, 'conflict', 'rounds'],
    ['a first message in round 2', {}, { exchange_round: 2 }, 'conflict', 'rounds'],
    [
      'more while a message is held',
      { exchange: running({ held: true }) },
      { exchange_round: 2 },
      'conflict',
      'rounds',
    ],
  ];
  test.each(cases)('%s', (_, given, envelope, code, check) =>
    expect(verdict(given, envelope)).toMatchObject({ kind: 'refuse', code, check }),
  );
});

describe('ends', () => {
  const no = { ...yes, allowed: false, reason: 'No by the policy "X".' };
  const cases: [string, Partial<Attempt>, Parameters<typeof attempt>[1], string, string][] = [
    ['a first envelope whose time is over', {}, { expires_at: ago }, 'expired', 'expiry'],
    [
      'an exchange whose time is over, whatever the envelope says',
      { exchange: running({ expiresAt: NOW }) },
      { exchange_round: 2, expires_at: new Date(NOW + 1e6).toISOString() },
      'expired',
      'expiry',
    ],
    ['expiry before policy', { policy: { sender: no, receiver: no } }, { expires_at: ago }, 'expired', 'expiry'],
    ["the sender's policy", { policy: { sender: no, receiver: yes } }, {}, 'denied', 'policy of both sides'],
    ["the receiver's policy", { policy: { sender: yes, receiver: no } }, {}, 'denied', 'policy of both sides'],
    [
      'a text above what may be shared',
      { sharing: shareUnder('internal', 'confidential', { text: 'x', parts: [] }) },
      {},
      'denied',
      'classification',
    ],
    ['a round above the limit', { exchange: running({ rounds: 3 }) }, { exchange_round: 4 }, 'escalated', 'rounds'],
    [
      'a limit that policy has lowered meanwhile',
      { exchange: running({ rounds: 2 }), policy: { sender: yes, receiver: { ...yes, maxRounds: 2 } } },
      { exchange_round: 3 },
      'escalated',
      'rounds',
    ],
    [
      'a later wish for more rounds',
      { exchange: running({ rounds: 3 }) },
      { exchange_round: 4, max_rounds: 50 },
      'escalated',
      'rounds',
    ],
    ['a first round above the limit', {}, { exchange_round: 4 }, 'escalated', 'rounds'],
  ];
  test.each(cases)('%s', (_, given, envelope, outcome, check) =>
    expect(verdict(given, envelope)).toMatchObject({ kind: 'end', outcome, check }),
  );

  test('nobody hears of the policies of the other side', () => {
    expect(verdict({ policy: { sender: yes, receiver: no } })).toMatchObject({
      reason: 'The policies of the person written to do not allow this exchange.',
      toReceiver: no.reason,
    });
    expect(verdict({ policy: { sender: no, receiver: yes } })).toMatchObject({
      reason: no.reason,
      plainly: 'The policies of the sender do not allow this exchange.',
    });
  });
});

describe('asks people', () => {
  const commits = { commitments: ['we will deliver'] };
  const meeting = { exchange_type: 'meeting_scheduling' } as const;
  const request = { exchange_type: 'commitment_request' } as const;
  const asked = (exchange: Partial<ExchangeState>) => running({ exchangeType: 'commitment_request', ...exchange });
  const cases: [string, Partial<Attempt>, Parameters<typeof attempt>[1], string[], boolean, boolean][] = [
    ['the sender, where a query commits', commits, {}, ['ana'], true, false],
    ['the sender, where it says that it commits', {}, { requires_commitment: true }, ['ana'], true, false],
    [
      'the one who answers, where an answer commits',
      { ...commits, sender: bo, exchange: running() },
      { exchange_round: 2 },
      ['bo'],
      true,
      false,
    ],
    [
      'the sender, where policy wants approval',
      { policy: { sender: { ...yes, needsPerson: true }, receiver: yes } },
      {},
      ['ana'],
      true,
      false,
    ],
    ['the responder of a request', {}, request, ['bo'], false, true],
    [
      'the responder of a request, whatever it denies',
      {},
      { ...request, requires_commitment: false },
      ['bo'],
      false,
      true,
    ],
    [
      'the responder before their assistant answers a request',
      { sender: bo, exchange: asked({ asked: ['bo'] }) },
      { ...request, exchange_round: 2 },
      ['bo'],
      true,
      false,
    ],
    [
      'the responder before their assistant agrees to a request',
      { ...commits, sender: bo, exchange: asked({ asked: ['bo'] }) },
      { ...request, exchange_round: 2 },
      ['bo'],
      true,
      true,
    ],
    ['both for a meeting', {}, meeting, ['ana', 'bo'], true, true],
    [
      'both for a meeting, the agent-ok of its envelope notwithstanding',
      {},
      { ...meeting, reply_policy: 'agent-ok' },
      ['ana', 'bo'],
      true,
      true,
    ],
    [
      'the other one for the meeting that a person proposes',
      { inPerson: true },
      { ...meeting, message_type: 'human' },
      ['bo'],
      false,
      true,
    ],
    [
      'both for a meeting where the person had help',
      { inPerson: true },
      { ...meeting, message_type: 'agent-assisted' },
      ['ana', 'bo'],
      true,
      true,
    ],
  ];
  test.each(cases)('%s', (_, given, envelope, people, holds, settles) =>
    expect(verdict(given, envelope)).toMatchObject({ kind: 'ask', people, holds, settles, check: 'commitment' }),
  );
});

test('no sequence of envelopes gets more rounds over than were agreed at the start', () => {
  const side = fc.integer({ min: 1, max: 5 }).map((maxRounds) => ({ ...yes, maxRounds }));
  const step = fc.record({
    byBo: fc.boolean(),
    round: fc.integer({ min: 1, max: 8 }),
    wish: fc.integer({ min: 1, max: 9 }),
    inPerson: fc.boolean(),
    human: fc.boolean(),
    type: fc.constantFrom('information_query', 'commitment_request', 'meeting_scheduling'),
    commitments: fc.constantFrom<string[]>([], ['agree']),
    policy: fc.record({ sender: side, receiver: side }),
    // What happens between two messages to one that is held.
    decision: fc.constantFrom('yes', 'none'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let exchange: ExchangeState | undefined;
      let over = 0;
      let agreed = Infinity;
      for (const { byBo, round, wish, inPerson, human, type, commitments, policy, decision } of steps) {
        const given = attempt(
          { sender: byBo ? bo : ana, inPerson, commitments, policy, exchange },
          {
            exchange_round: round,
            max_rounds: wish,
            exchange_type: type,
            message_type: human && inPerson ? 'human' : 'agent-generated',
          },
        );
        const said = judge(CHECKS, given);
        if (said.kind === 'refuse') continue;
        if (!exchange) {
          const maxRounds = agreedRounds(wish, policy.sender.maxRounds, policy.receiver.maxRounds);
          agreed = maxRounds;
          const [askerId, responderId] = byBo ? ['bo', 'ana'] : ['ana', 'bo'];
          exchange = running({ rounds: 0, maxRounds, exchangeType: type, askerId, responderId });
        }
        if (said.kind === 'end') exchange = { ...exchange, outcome: said.outcome };
        else {
          const held: boolean = said.kind === 'ask' && said.holds && decision === 'none';
          exchange = { ...exchange, rounds: exchange.rounds + 1, held };
          over++;
        }
      }
      return over <= agreed;
    }),
    { numRuns: 2_000 },
  );
});
