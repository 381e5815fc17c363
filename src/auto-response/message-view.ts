import type { Classification } from '#libs/classification';
import type { MessageRow } from './auto-response.sql.ts';
import type { Autonomy, MessageClass, Reply } from './rules/index.ts';

/** Source: the API contract, "Shapes". */
export const MESSAGE_STATES = [
  'received',
  'drafted',
  'queued',
  'sent',
  'surfaced',
  'ignored',
  'rejected',
  'expired',
  'failed',
] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

/** A message as people see it. Source: the API contract, "Shapes". */
export interface MessageView {
  readonly id: string;
  readonly userId: string;
  readonly channel: string;
  readonly messageId: string;
  readonly threadId?: string;
  readonly from: string;
  readonly subject: string;
  /** What the person has said, else what it was taken for; null until then. */
  readonly class: MessageClass | null;
  /** What it was taken for, where the person has said otherwise. */
  readonly correctedFrom?: MessageClass;
  /** 0–1. */
  readonly confidence: number | null;
  readonly autonomy: Autonomy | null;
  readonly state: MessageState;
  readonly reply?: Reply;
  /** Why it is in this state. */
  readonly reason: string;
  /** Why it is of this class. */
  readonly classReasons: readonly string[];
  readonly classification: Classification;
  readonly approvalId?: string;
  readonly decisionId?: string;
  /** ISO 8601; `seconds`: from acceptance to the reply's dispatch, or to the end without one. */
  readonly timings: {
    readonly receivedAt: string;
    readonly acceptedAt: string;
    readonly classifiedAt: string | null;
    readonly decidedAt: string | null;
    readonly queuedAt: string | null;
    readonly sentAt: string | null;
    readonly endedAt: string | null;
    readonly seconds: number | null;
  };
}

export function toView(row: MessageRow, reply: Reply | null): MessageView {
  const at = (moment: Date | null) => moment?.toISOString() ?? null;
  const corrected = row.correction !== null && row.class !== null && row.correction !== row.class;
  return {
    id: row.id,
    userId: row.user_id,
    channel: row.channel,
    messageId: row.message_id,
    ...(row.thread_id === null ? {} : { threadId: row.thread_id }),
    from: row.sender,
    subject: row.subject,
    class: row.correction ?? row.class,
    ...(corrected ? { correctedFrom: row.class! } : {}),
    confidence: row.confidence === null ? null : Math.round(row.confidence * 100) / 100,
    autonomy: row.autonomy,
    state: row.state,
    ...(reply ? { reply } : {}),
    reason: row.reason,
    classReasons: row.reasons,
    classification: row.classification,
    ...(row.approval_id === null ? {} : { approvalId: row.approval_id }),
    ...(row.decision_id === null ? {} : { decisionId: row.decision_id }),
    timings: {
      receivedAt: row.received_at.toISOString(),
      acceptedAt: row.accepted_at.toISOString(),
      classifiedAt: at(row.classified_at),
      decidedAt: at(row.decided_at),
      queuedAt: at(row.queued_at),
      sentAt: at(row.sent_at),
      endedAt: at(row.ended_at),
      seconds: row.ended_at === null ? null : (row.ended_at.getTime() - row.accepted_at.getTime()) / 1000,
    },
  };
}

/** Channels whose replies go out as mail. */
export function isMailChannel(channel: string): boolean {
  return channel === 'gmail' || channel === 'email' || channel === 'mail';
}

/** What people who are connected are told. */
export function eventOf(
  row: Pick<MessageRow, 'tenant_id' | 'user_id' | 'id' | 'sender' | 'subject' | 'class' | 'correction'> & {
    readonly state: MessageState;
    readonly reason: string;
  },
) {
  return {
    tenantId: row.tenant_id,
    userId: row.user_id,
    event: 'session.message',
    payload: {
      kind: 'auto_response',
      messageId: row.id,
      state: row.state,
      class: row.correction ?? row.class,
      from: row.sender,
      subject: row.subject,
      reason: row.reason,
    },
  } as const;
}
