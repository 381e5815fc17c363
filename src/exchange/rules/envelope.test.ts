import { expect, test } from '@jest/globals';
import { ENVELOPE, MESSAGE, replyPolicy } from './envelope.ts';
import { ana, envelopeOf } from './attempt.fixture.ts';
import { summaryOf } from './summary.ts';

const whole = envelopeOf(ana);

test('what is left out has its default', () => {
  expect(whole).toMatchObject({ max_rounds: 3, capabilities: { can_commit: false, can_share: [] } });
  expect(replyPolicy(whole)).toBe('agent-ok');
  expect(replyPolicy(envelopeOf(ana, { reply_policy: 'human-only' }))).toBe('human-only');
  expect(replyPolicy(envelopeOf(ana, { exchange_type: 'meeting_scheduling', reply_policy: 'agent-ok' }))).toBe(
    'human-only',
  );
});

test.each([
  ['version', '1.1', '"1.1" was given'],
  ['message_type', 'robot', 'agent-generated, agent-assisted, human; "robot" was given'],
  ['classification', 'secret', 'public, internal, confidential, restricted; "secret" was given'],
  ['exchange_type', 'chat', 'information_query, commitment_request, meeting_scheduling; "chat" was given'],
  ['reply_policy', 'maybe', 'agent-ok, human-only, no-reply-needed; "maybe" was given'],
  ['exchange_round', 0, '>=1'],
  ['exchange_round', 1.5, 'int'],
  ['max_rounds', 0, '>=1'],
  ['conversation_id', 'a b', 'printable'],
  ['expires_at', 'tomorrow', 'ISO'],
  ['source_agent', {}, 'instance_id'],
  ['surprise', 1, 'surprise'],
])('%s: %j is refused', (field, value, words) => {
  const { error } = ENVELOPE.safeParse({ ...whole, [field]: value });
  expect(JSON.stringify(error?.issues.map(({ path, message }) => [...path, message].join(' ')))).toContain(
    JSON.stringify(words).slice(1, -1),
  );
});

test('a message is a text, or a text with labelled parts', () => {
  expect(MESSAGE.parse('Hello')).toEqual({ text: 'Hello', parts: [] });
  expect(MESSAGE.parse({ text: 'Hello', parts: [{ text: 'x', classification: 'public' }] }).parts).toHaveLength(1);
  expect(MESSAGE.safeParse({ text: 'Hello', parts: [{ text: 'x' }] }).success).toBe(false);
  expect(MESSAGE.safeParse('').success).toBe(false);
});

test('the summary of an escalation says who, what, how far, and why', () => {
  const message = (round: number, from: string, text: string) => ({
    round,
    from,
    text,
    classification: 'internal' as const,
  });
  expect(
    summaryOf({
      type: 'information_query',
      asker: { userId: 'ana', name: 'Ana' },
      responder: { userId: 'bo', name: 'Bo' },
      maxRounds: 2,
      reason: 'Round 3 is above the limit of 2.',
      messages: [
        {
          ...message(1, 'ana', 'Which\n week?'),
          withheld: [{ part: 'part 1', classification: 'restricted', why: 'too high' }],
        },
        { ...message(2, 'bo', `Look ${'x'.repeat(500)}`), withheld: [] },
      ],
    }).split('\n'),
  ).toEqual([
    'Ana (ana) and Bo (bo): information query, 2 of 2 rounds.',
    'Why people take over: Round 3 is above the limit of 2.',
    'Asked: Which week?',
    `Last said, by Bo: Look ${'x'.repeat(395)}…`,
    'Shared: round 1 by Ana (internal); round 2 by Bo (internal)',
    'Withheld: part 1 of round 1: too high',
  ]);
});
