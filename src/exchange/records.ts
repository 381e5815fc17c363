import type { NewEntry, Outcome as AuditOutcome } from '#audit';
import type { Classification } from '#libs/classification';
import type { ExchangeType, MessageType, Outcome, Party, Piece, Reasons, Withheld } from './rules/index.ts';

/** A message as both audit logs tell of it. */
export interface SentRecord {
  readonly sender: Party;
  readonly receiver: Party;
  readonly actor: string;
  readonly requestId: string;
  /** Undefined where the message was refused before there was one. */
  readonly exchangeId: string | undefined;
  readonly conversationId: string;
  readonly exchangeType: ExchangeType;
  readonly messageType: MessageType;
  readonly round: number;
  readonly state: 'delivered' | 'held' | 'refused';
  /** Of the exchange afterwards; undefined where there is none. */
  readonly outcome: Outcome | undefined;
  readonly classification: Classification;
  readonly shared: readonly Piece[];
  readonly withheld: readonly Withheld[];
  /** Which check decided. */
  readonly check: string | undefined;
  readonly why: Reasons | undefined;
  /** Who has been asked to decide. */
  readonly asked: readonly string[];
}

const OUTCOME_OF: Readonly<Record<SentRecord['state'], AuditOutcome>> = {
  delivered: 'success',
  held: 'pending_approval',
  refused: 'denied',
};
const RESULT_OF = { delivered: 'allow', held: 'require_approval', refused: 'deny' } as const;

/** One entry for each of the two. What is held or refused has not been shared. */
export function sentEntries(record: SentRecord): [sender: NewEntry, receiver: NewEntry] {
  return [
    sentEntry(record, record.sender, 'sender', record.receiver.userId),
    sentEntry(record, record.receiver, 'receiver', record.sender.userId),
  ];
}

/** The sender's alone: towards another tenant nothing is written. */
export function sentEntry(
  record: Omit<SentRecord, 'receiver'>,
  person: Party,
  role: 'sender' | 'receiver',
  withWhom: string | null,
): NewEntry {
  const shared = record.state === 'delivered' ? record.shared : [];
  return {
    tenantId: person.tenantId,
    userId: person.userId,
    orgId: person.orgId || null,
    teamIds: person.teamIds,
    actor: record.actor,
    actionType: 'agent_exchange',
    actionDetail: {
      operation: 'exchange.message',
      role,
      with: withWhom,
      exchangeId: record.exchangeId ?? null,
      conversationId: record.conversationId,
      exchangeType: record.exchangeType,
      messageType: record.messageType,
      round: record.round,
      state: record.state,
      outcome: record.outcome ?? null,
      shared,
      withheld: record.withheld,
      ...(record.check === undefined ? {} : { check: record.check }),
      ...(record.asked.length > 0 ? { asked: record.asked } : {}),
    },
    dataAccessed: shared.map(({ part, classification }) => ({
      source: 'ocip',
      classification,
      purpose: `${role === 'sender' ? 'shared' : 'received'}: ${part}`,
    })),
    dataClassification: record.classification,
    policyResult: RESULT_OF[record.state],
    policyReason: reasonFor(role, record.why),
    outcome: OUTCOME_OF[record.state],
    requestId: record.requestId,
  };
}

function reasonFor(role: 'sender' | 'receiver', why: Reasons | undefined): string | null {
  if (!why) return null;
  return role === 'sender' ? why.reason : (why.toReceiver ?? why.plainly ?? why.reason);
}

/** How an exchange ended, or that a held message went over, in the log of one of the two. */
export function turnEntry(
  person: Party,
  turn: {
    readonly operation: 'exchange.ended' | 'exchange.released';
    readonly exchangeId: string;
    readonly conversationId: string;
    readonly exchangeType: ExchangeType;
    readonly with: string;
    readonly outcome: Outcome;
    readonly reason: string;
    readonly rounds: number;
    readonly classification: Classification;
    readonly shared?: readonly Piece[];
    readonly withheld?: readonly Withheld[];
    readonly actor: string;
    readonly requestId: string | null;
  },
): NewEntry {
  const { actor, requestId, classification, reason, ...detail } = turn;
  return {
    tenantId: person.tenantId,
    userId: person.userId,
    orgId: person.orgId || null,
    teamIds: person.teamIds,
    actor,
    actionType: 'agent_exchange',
    actionDetail: detail,
    dataAccessed: (turn.shared ?? []).map(({ part, classification: label }) => ({
      source: 'ocip',
      classification: label,
      purpose: `exchange: ${part}`,
    })),
    dataClassification: classification,
    policyReason: reason,
    outcome: turn.outcome === 'denied' ? 'denied' : 'success',
    requestId,
  };
}
