import type { Classification } from '#libs/classification';
import type { MessageState } from './message-view.ts';
import type { Autonomy, MessageClass, MessageFeatures } from './rules/index.ts';

/** The statements on messages. Tenant binding comes from the transaction (row-level security). */

export interface MessageRow {
  tenant_id: string;
  id: string;
  user_id: string;
  channel: string;
  message_id: string;
  thread_id: string | null;
  talk: string;
  sender: string;
  subject: string;
  classification: Classification;
  content: string | null;
  features: MessageFeatures | null;
  state: MessageState;
  class: MessageClass | null;
  confidence: number | null;
  reasons: string[];
  autonomy: Autonomy | null;
  reason: string;
  reply: string | null;
  attended: boolean;
  approval_id: string | null;
  decision_id: string | null;
  submitted_by: string;
  request_id: string;
  attempts: number;
  received_at: Date;
  accepted_at: Date;
  classified_at: Date | null;
  decided_at: Date | null;
  queued_at: Date | null;
  sent_at: Date | null;
  ended_at: Date | null;
  /** What the person has said instead of `class`. */
  correction: MessageClass | null;
}

export interface CorrectionRow {
  class: MessageClass;
  features: MessageFeatures;
}

/** Nothing where this message is there already. */
export const INSERT_MESSAGE = `
  INSERT INTO messages (tenant_id, id, user_id, channel, message_id, thread_id, talk, sender, subject, classification, content,
    state, submitted_by, request_id, received_at, accepted_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'received', $12, $13, $14, $15)
  ON CONFLICT (tenant_id, user_id, channel, message_id) DO NOTHING RETURNING id`;

export const ID_OF_MESSAGE = `SELECT id FROM messages WHERE user_id = $1 AND channel = $2 AND message_id = $3`;

const SELECT_MESSAGE = `
  SELECT m.*, c.class AS correction FROM messages m
  LEFT JOIN message_corrections c ON c.user_id = m.user_id AND c.message_id = m.id`;

export const FIND_MESSAGE = `${SELECT_MESSAGE} WHERE m.id = $1`;

/** As {@link FIND_MESSAGE}, held until the transaction ends. */
export const LOCK_MESSAGE = `${SELECT_MESSAGE} WHERE m.id = $1 FOR UPDATE OF m`;

/** $1 person, $2 before this id or null, $3 limit */
export const LIST_MESSAGES = `${SELECT_MESSAGE}
  WHERE m.user_id = $1 AND ($2::text IS NULL OR m.id < $2) AND ($4::text IS NULL OR m.state = $4) ORDER BY m.id DESC LIMIT $3`;

/** The text has been read. $1 id, $2 content */
export const PUT_CONTENT = `UPDATE messages SET content = $2 WHERE id = $1 AND state = 'received' AND classified_at IS NULL`;

/** $1 id, $2 class, $3 confidence, $4 reasons, $5 features, $6 when, $7 label. Nothing where it has been classified. */
export const NOTE_CLASS = `
  UPDATE messages SET class = $2, confidence = $3, reasons = $4, features = $5, classified_at = $6, classification = $7
  WHERE id = $1 AND state = 'received' AND classified_at IS NULL RETURNING id`;

/** $1 id, $2 state, $3 autonomy, $4 reason, $5 reply, $6 decision, $7 when. The text goes with the last state. */
export const NOTE_DECISION = `
  UPDATE messages SET state = $2, autonomy = $3, reason = $4, reply = $5, decision_id = $6, decided_at = coalesce(decided_at, $7),
    queued_at = CASE WHEN $2 = 'queued' THEN $7::timestamptz ELSE queued_at END,
    ended_at = CASE WHEN $2 IN ('queued', 'drafted') THEN NULL ELSE $7::timestamptz END,
    content = NULL
  WHERE id = $1`;

/** $1 id, $2 state, $3 reason, $4 when */
export const NOTE_END = `
  UPDATE messages SET state = $2, reason = $3, ended_at = $4, content = NULL,
    sent_at = CASE WHEN $2 = 'sent' THEN $4::timestamptz ELSE sent_at END
  WHERE id = $1`;

export const NOTE_ATTEMPT = `UPDATE messages SET attempts = attempts + 1 WHERE id = $1 RETURNING attempts`;

/** One decision at a time for a person: two messages of one thread must not both be the first. $1 tenant and person */
export const LOCK_PERSON = `SELECT pg_advisory_xact_lock(hashtextextended('auto-response/' || $1, 0))`;

/** $1 person, $2 thread, $3 talk, $4 since, $5 but not this one: a reply that nobody has seen, sent or about to be. */
export const UNATTENDED_REPLY = `
  SELECT id FROM messages
  WHERE user_id = $1 AND id <> $5 AND NOT attended AND queued_at > $4 AND state IN ('queued', 'sent')
    AND (thread_id = $2 OR talk = $3) LIMIT 1`;

/** $1 address, in lower case */
export const IS_COLLEAGUE = `SELECT 1 FROM users WHERE active AND lower(email) = $1`;

/** $1 person, $2 address, in lower case: somebody to whom this person has let a reply go out. */
export const HAS_ANSWERED = `SELECT 1 FROM messages WHERE user_id = $1 AND sender = $2 AND attended AND state = 'sent' LIMIT 1`;

export const TENANT_DOMAINS = `SELECT email_domains AS domains FROM tenants WHERE tenant_id = $1`;

export const RULES_OF_PERSON = `SELECT rules, updated_at FROM auto_response_rules WHERE user_id = $1`;

/** $1 tenant, $2 person, $3 rules, $4 when */
export const PUT_RULES = `
  INSERT INTO auto_response_rules (tenant_id, user_id, rules, updated_at) VALUES ($1, $2, $3, $4)
  ON CONFLICT (tenant_id, user_id) DO UPDATE SET rules = excluded.rules, updated_at = excluded.updated_at`;

/** $1 person, $2 limit: the newest. */
export const CORRECTIONS_OF_PERSON = `
  SELECT class, features FROM message_corrections WHERE user_id = $1 ORDER BY at DESC, message_id LIMIT $2`;

/** $1 tenant, $2 person, $3 message, $4 class, $5 features, $6 when */
export const PUT_CORRECTION = `
  INSERT INTO message_corrections (tenant_id, user_id, message_id, class, features, at) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (tenant_id, user_id, message_id) DO UPDATE SET class = excluded.class, features = excluded.features,
    at = excluded.at`;

export const DELETE_CORRECTION = `DELETE FROM message_corrections WHERE user_id = $1 AND message_id = $2`;

/** Of person $1, what came to its end since $2; drafts that wait now, whenever they were made. */
export const SUMMARY = `
  SELECT count(*) FILTER (WHERE state = 'sent' AND ended_at >= $2)::int AS sent,
    count(*) FILTER (WHERE state = 'drafted')::int AS drafted,
    count(*) FILTER (WHERE state = 'surfaced' AND ended_at >= $2)::int AS surfaced,
    count(*) FILTER (WHERE state = 'expired' AND ended_at >= $2)::int AS expired
  FROM messages WHERE user_id = $1 AND (ended_at >= $2 OR state = 'drafted')`;

/** $1 addresses, in lower case */
export const COLLEAGUES_AT = `SELECT id FROM users WHERE active AND lower(email) = ANY($1) LIMIT 100`;

export const NOTE_APPROVAL = `UPDATE messages SET approval_id = $2 WHERE id = $1`;

/** $1 id, $2 reason, $3 reply, $4 when: the person has seen it. */
export const NOTE_APPROVED = `
  UPDATE messages SET state = 'queued', attended = true, reason = $2, reply = $3, queued_at = $4, ended_at = NULL WHERE id = $1`;

/** Back to a draft: policy has begun to ask a person. $1 id, $2 reason */
export const NOTE_BACK_TO_DRAFT = `
  UPDATE messages SET state = 'drafted', autonomy = 'approve', reason = $2, queued_at = NULL, ended_at = NULL WHERE id = $1`;
