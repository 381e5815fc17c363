import type { Classification } from '#libs/classification';
import { type Envelope, LONGEST_LIFE_MS, OF_TYPE } from './envelope.ts';
import { agreedRounds, claimRound } from './rounds.ts';
import type { Sharing } from './sharing.ts';

export type Outcome = 'in_progress' | 'resolved' | 'escalated' | 'denied' | 'expired';

/** A person as the directory has them. */
export interface Party {
  readonly userId: string;
  readonly name: string;
  readonly tenantId: string;
  readonly orgId: string;
  readonly teamIds: readonly string[];
}

/** What policy says to one of the two people. */
export interface Side {
  readonly allowed: boolean;
  readonly reason: string;
  /** Policy wants a person's approval before this person's assistant sends. */
  readonly needsPerson: boolean;
  readonly maxRounds: number;
  /** Undefined where no policy sets a limit. */
  readonly maxClassification: Classification | undefined;
}

/** Who speaks and to whom. */
export interface Introduction {
  readonly sender: Party;
  /** Undefined: there is nobody of this id in the sender's tenant. */
  readonly receiver: Party | undefined;
  readonly envelope: Envelope;
  /** The caller is this person, or an assistant that may act for them. */
  readonly speaksForSender: boolean;
  /** The caller is the person, signed in. */
  readonly inPerson: boolean;
}

/** Everything that decides upon a message. */
export interface Attempt extends Introduction {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly sharing: Sharing;
  /** The words that commit somebody, in what would go over. */
  readonly commitments: readonly string[];
  readonly policy: { readonly sender: Side; readonly receiver: Side };
  /** Undefined: the first message of a conversation. */
  readonly exchange: ExchangeState | undefined;
}

export interface ExchangeState {
  readonly askerId: string;
  readonly responderId: string;
  readonly exchangeType: Envelope['exchange_type'];
  readonly outcome: Outcome;
  /** Rounds taken. */
  readonly rounds: number;
  readonly maxRounds: number;
  readonly expiresAt: number;
  /** The person who has to answer themselves: the last message was human-only. */
  readonly replyBy: string | null;
  /** A message waits for a person before it goes over. */
  readonly held: boolean;
  /** People who have been asked and have not decided. */
  readonly asked: readonly string[];
}

export type Refusal = 'not_found' | 'forbidden' | 'conflict' | 'validation_failed';

/** Why, to whom: each hears of their own policies and words alone. */
export interface Reasons {
  /** For the sender. */
  readonly reason: string;
  /** For both; without it what the sender hears. */
  readonly plainly?: string;
  /** For the receiver's own log; without it what both hear. */
  readonly toReceiver?: string;
}

export type Verdict =
  | { readonly kind: 'pass' }
  /** The message breaks the protocol: it is as if it had not been sent, and the exchange goes on. */
  | { readonly kind: 'refuse'; readonly code: Refusal; readonly reason: string }
  /** Policy says no, or time is over, or people have to take over: the exchange ends. */
  | ({ readonly kind: 'end'; readonly outcome: 'denied' | 'expired' | 'escalated' } & Reasons)
  /** People decide; `holds`: before the message goes over; `settles`: their yes is what the exchange was for. */
  | ({
      readonly kind: 'ask';
      readonly people: readonly string[];
      readonly holds: boolean;
      readonly settles: boolean;
    } & Reasons);

const PASS: Verdict = { kind: 'pass' };
const refuse = (code: Refusal, reason: string): Verdict => ({ kind: 'refuse', code, reason });
type End = Extract<Verdict, { kind: 'end' }>;
const end = (outcome: End['outcome'], reason: string): End => ({ kind: 'end', outcome, reason });

type Check<T> = readonly [name: string, check: (attempt: T) => Verdict];

/** Before anything else, and before policy is asked. */
export const INTRODUCTION: readonly Check<Introduction>[] = [
  ['tenant', tenant],
  ['identity', identity],
];

/** In this order; the first that does not pass decides. Source: DOMAIN rules, section 6. */
export const CHECKS: readonly Check<Attempt>[] = [
  ...INTRODUCTION,
  ['conversation', conversation],
  ['expiry', expiry],
  ['policy of both sides', policy],
  ['classification', classification],
  ['who may answer', answer],
  ['rounds', rounds],
  ['commitment', commitment],
];

/** The first verdict that is no pass, and which check it came from. */
export function judge<T>(checks: readonly Check<T>[], attempt: T): Verdict & { readonly check?: string } {
  for (const [name, check] of checks) {
    const verdict = check(attempt);
    if (verdict.kind !== 'pass') return { ...verdict, check: name };
  }
  return PASS;
}

/** Who takes part in an exchange that does not exist yet is the same for whoever asks: nothing of another tenant shows. */
function tenant({ sender, receiver, envelope }: Introduction): Verdict {
  if (!receiver || receiver.tenantId !== sender.tenantId)
    return refuse('not_found', 'There is no such person to write to.');
  if (envelope.source_agent.tenant_id !== sender.tenantId)
    return refuse('forbidden', 'envelope.source_agent.tenant_id is not the tenant of the caller.');
  return PASS;
}

function identity({ sender, receiver, envelope, speaksForSender, inPerson }: Introduction): Verdict {
  const { user_id, org_unit } = envelope.source_agent;
  if (!speaksForSender) return refuse('forbidden', 'The caller may not speak for this person.');
  if (user_id !== sender.userId)
    return refuse('forbidden', 'envelope.source_agent.user_id is not the person for whom the caller speaks.');
  if (org_unit !== sender.orgId && !sender.teamIds.includes(org_unit))
    return refuse('forbidden', 'envelope.source_agent.org_unit is neither the org nor a team of this person.');
  if (envelope.message_type === 'human' && !inPerson)
    return refuse('forbidden', 'envelope.message_type is "human", but an assistant is calling.');
  if (envelope.capabilities.can_commit && !(inPerson && envelope.message_type === 'human'))
    return refuse('forbidden', 'envelope.capabilities.can_commit is true, but only people can commit.');
  if (receiver?.userId === sender.userId) return refuse('validation_failed', 'to.userId is the sender.');
  return PASS;
}

function conversation({ sender, receiver, envelope, exchange }: Attempt): Verdict {
  if (!exchange) return PASS;
  const pair = [exchange.askerId, exchange.responderId];
  if (!pair.includes(sender.userId) || !pair.includes(receiver!.userId))
    return refuse('conflict', 'envelope.conversation_id belongs to another exchange.');
  if (exchange.exchangeType !== envelope.exchange_type)
    return refuse('conflict', `envelope.exchange_type of this conversation is ${exchange.exchangeType}.`);
  if (exchange.outcome !== 'in_progress')
    return refuse('conflict', `This exchange is over (${exchange.outcome}) and takes nothing more.`);
  return PASS;
}

function expiry({ now, envelope, exchange }: Attempt): Verdict {
  const own = envelope.expires_at === undefined ? Infinity : Date.parse(envelope.expires_at);
  if ((exchange?.expiresAt ?? own) <= now) return end('expired', 'The time of this exchange is over.');
  // A later envelope can let itself expire, never the exchange, and never prolong it.
  if (own <= now) return refuse('conflict', 'envelope.expires_at is over.');
  if (!exchange && own !== Infinity && own > now + LONGEST_LIFE_MS)
    return refuse('validation_failed', 'envelope.expires_at is more than 30 days ahead; accepted: at most 30 days.');
  return PASS;
}

/** Type, switch, feature and org boundary on both sides. Of the other side's policies the sender learns no more than the no. */
function policy({ policy: { sender, receiver } }: Attempt): Verdict {
  if (!sender.allowed)
    return { ...end('denied', sender.reason), plainly: 'The policies of the sender do not allow this exchange.' };
  if (!receiver.allowed) {
    const reason = 'The policies of the person written to do not allow this exchange.';
    return { ...end('denied', reason), toReceiver: receiver.reason };
  }
  return PASS;
}

function classification({ sharing, policy: { sender } }: Attempt): Verdict {
  if (!sharing.refused) return PASS;
  return end(
    'denied',
    `The message is ${sharing.label}, above ${sender.maxClassification}, the most that may be shared.`,
  );
}

function answer({ sender, envelope, exchange, inPerson }: Attempt): Verdict {
  if (exchange?.replyBy !== sender.userId) return PASS;
  if (inPerson && envelope.message_type !== 'agent-generated') return PASS;
  return refuse('forbidden', 'This message may be answered by the person only, not by an assistant.');
}

function rounds({ envelope, exchange, policy: { sender, receiver } }: Attempt): Verdict {
  const limit = agreedRounds(exchange?.maxRounds ?? envelope.max_rounds, sender.maxRounds, receiver.maxRounds);
  const taken = exchange?.rounds ?? 0;
  switch (claimRound(envelope.exchange_round, taken, limit)) {
    case 'beyond':
      return end('escalated', `Round ${envelope.exchange_round} is above the limit of ${limit}.`);
    case 'not next':
      return refuse(
        'conflict',
        `envelope.exchange_round is ${envelope.exchange_round}; the next round is ${taken + 1}.`,
      );
    case 'next':
      return exchange?.held ? refuse('conflict', 'The message before waits for a person to decide.') : PASS;
  }
}

/** Assistants never commit anybody: where a message would, people decide. A person's own words are that person's decision. */
function commitment({ sender, envelope, exchange, inPerson, commitments, policy, receiver }: Attempt): Verdict {
  const type = envelope.exchange_type;
  const [asker, responder] = exchange ? [exchange.askerId, exchange.responderId] : [sender.userId, receiver!.userId];
  const commits = envelope.requires_commitment === true || commitments.length > 0;
  const people = new Set<string>();
  if (type === 'meeting_scheduling') people.add(asker).add(responder);
  else if (type === 'commitment_request') {
    // Whatever an assistant answers to such a request may be taken for a yes.
    if (sender.userId === responder || !exchange?.asked.includes(responder)) people.add(responder);
  } else if (commits) people.add(sender.userId);
  if (policy.sender.needsPerson) people.add(sender.userId);
  if (inPerson && envelope.message_type === 'human') people.delete(sender.userId);
  if (people.size === 0) return PASS;
  const why = commitments.length > 0 ? ` Found: ${commitments.slice(0, 5).join(', ')}.` : '';
  const plainly =
    OF_TYPE[type].commitment || commits ? 'Only people commit.' : 'A person has to agree to this message.';
  const cause = OF_TYPE[type].commitment || commits ? plainly : policy.sender.reason;
  const settles = OF_TYPE[type].commitment && (type === 'meeting_scheduling' || sender.userId === asker || commits);
  return {
    kind: 'ask',
    people: [...people],
    holds: people.has(sender.userId),
    settles,
    reason: `${cause}${why}`,
    plainly,
  };
}
