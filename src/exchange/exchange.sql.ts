import type { Classification } from '#libs/classification';
import type { Envelope, ExchangeType, Outcome, Piece, Withheld } from './rules/index.ts';

/** The statements on exchanges. Tenant binding comes from the transaction (row-level security). */

/** Somebody who has been asked to decide on the message of a round. */
export interface Waiting {
  readonly approvalId: string;
  readonly userId: string;
  readonly round: number;
}

export interface ExchangeRow {
  tenant_id: string;
  id: string;
  conversation_id: string;
  asker_id: string;
  responder_id: string;
  exchange_type: ExchangeType;
  outcome: Outcome;
  reason: string | null;
  rounds: number;
  max_rounds: number;
  classification: Classification;
  reply_by: string | null;
  waiting: Waiting[];
  summary: string | null;
  note: string | null;
  created_at: Date;
  updated_at: Date;
  expires_at: Date;
  ended_at: Date | null;
  ended_by: string | null;
}

export interface MessageRow {
  exchange_id: string;
  round: number;
  sender_id: string;
  state: 'delivered' | 'held' | 'refused' | 'dropped';
  envelope: Envelope;
  classification: Classification;
  body: string | null;
  shared: Piece[];
  withheld: Withheld[];
  settles: boolean;
  body_hash: Buffer;
  answer: Record<string, unknown>;
  sent_at: Date;
}

const EXCHANGE = `tenant_id, id, conversation_id, asker_id, responder_id, exchange_type, outcome, reason, rounds, max_rounds,
  classification, reply_by, waiting, summary, note, created_at, updated_at, expires_at, ended_at, ended_by`;
const MESSAGE = `exchange_id, round, sender_id, state, envelope, classification, body, shared, withheld, settles, body_hash,
  answer, sent_at`;

/** Conversations that two people begin wait for one another, so that they can be counted. $1: the pair, in order */
export const LOCK_PAIR = `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`;

export const LOCK_CONVERSATION = `SELECT ${EXCHANGE} FROM exchanges WHERE conversation_id = $1 FOR UPDATE`;
export const LOCK_EXCHANGE = `SELECT ${EXCHANGE} FROM exchanges WHERE id = $1 FOR UPDATE`;
/** One that is due and that nobody else is at. $1 id, $2 now */
export const LOCK_DUE = `
  SELECT ${EXCHANGE} FROM exchanges WHERE id = $1 AND outcome = 'in_progress' AND expires_at <= $2
  FOR UPDATE SKIP LOCKED`;
export const DUE = `
  SELECT tenant_id, id FROM exchanges WHERE outcome = 'in_progress' AND expires_at <= $1 ORDER BY expires_at LIMIT $2`;

/** What two people have begun since $3, and how much of it of type $4 with the text $5. $1 and $2: the two */
export const BEGUN = `
  SELECT count(*)::int AS all, count(*) FILTER (WHERE exchange_type = $4 AND text_hash = $5)::int AS alike
  FROM exchanges WHERE created_at > $3 AND ((asker_id = $1 AND responder_id = $2) OR (asker_id = $2 AND responder_id = $1))`;

/** Nothing where the conversation has its exchange already. */
export const INSERT_EXCHANGE = `
  INSERT INTO exchanges (tenant_id, id, conversation_id, asker_id, responder_id, exchange_type, outcome, rounds, max_rounds,
    classification, text_hash, created_at, updated_at, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, 'in_progress', 0, $7, $8, $9, $10, $10, $11)
  ON CONFLICT (tenant_id, conversation_id) DO NOTHING RETURNING ${EXCHANGE}`;

/** $1 id, $2 rounds, $3 label, $4 who has to answer themselves, $5 who is waited for, $6 now */
export const TAKE_ROUND = `
  UPDATE exchanges SET rounds = $2, classification = $3, reply_by = $4, waiting = $5, updated_at = $6 WHERE id = $1`;
/** $1 id, $2 outcome, $3 reason, $4 by whom, $5 sealed summary or null, $6 sealed note or null, $7 now */
export const END_EXCHANGE = `
  UPDATE exchanges SET outcome = $2, reason = $3, ended_by = $4, summary = coalesce($5, summary), note = coalesce($6, note),
    waiting = '[]', ended_at = $7, updated_at = $7 WHERE id = $1`;
/** $1 id, $2 who is still waited for, $3 who has to answer themselves, $4 label, $5 now */
export const SET_WAITING = `
  UPDATE exchanges SET waiting = $2, reply_by = $3, classification = $4, updated_at = $5 WHERE id = $1`;

export const FIND_MESSAGE = `
  SELECT ${MESSAGE} FROM exchange_messages WHERE exchange_id = $1 AND round = $2 AND sender_id = $3`;
/** For a repeat, before anything is locked. $1 conversation, $2 round, $3 sender */
export const FIND_REPEATED = `
  SELECT m.body_hash, m.answer FROM exchange_messages m JOIN exchanges e USING (tenant_id)
  WHERE e.id = m.exchange_id AND e.conversation_id = $1 AND m.round = $2 AND m.sender_id = $3`;
export const MESSAGES = `SELECT ${MESSAGE} FROM exchange_messages WHERE exchange_id = $1 ORDER BY round, sent_at`;
export const INSERT_MESSAGE = `
  INSERT INTO exchange_messages (tenant_id, exchange_id, round, sender_id, state, envelope, classification, body, shared,
    withheld, settles, body_hash, answer, sent_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`;
export const HELD = `SELECT 1 FROM exchange_messages WHERE exchange_id = $1 AND state = 'held'`;
/** $1 exchange, $2 round, $3 state: of the one that is held */
export const RELEASE_MESSAGE = `
  UPDATE exchange_messages SET state = $3 WHERE exchange_id = $1 AND round = $2 AND state = 'held'`;
export const DROP_HELD = `UPDATE exchange_messages SET state = 'dropped' WHERE exchange_id = $1 AND state = 'held'`;

/** $1 people or null for everybody, $2 outcome or null, $3 before this id or null, $4 limit */
export const LIST_EXCHANGES = `
  SELECT ${EXCHANGE} FROM exchanges
  WHERE ($1::text[] IS NULL OR asker_id = ANY($1) OR responder_id = ANY($1))
    AND ($2::text IS NULL OR outcome = $2) AND ($3::text IS NULL OR id < $3)
  ORDER BY id DESC LIMIT $4`;
export const FIND_EXCHANGE = `
  SELECT ${EXCHANGE} FROM exchanges
  WHERE id = $1 AND ($2::text[] IS NULL OR asker_id = ANY($2) OR responder_id = ANY($2))`;

/** Of exchanges that ended before $1, at most $2 at a time: what was said goes, that it took place stays. */
export const DROP_TEXTS = `
  WITH old AS (
    SELECT tenant_id, id FROM exchanges WHERE text_hash IS NOT NULL AND ended_at < $1
    ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED
  ), emptied AS (
    UPDATE exchange_messages m SET body = NULL FROM old
    WHERE m.tenant_id = old.tenant_id AND m.exchange_id = old.id RETURNING 1
  )
  UPDATE exchanges e SET text_hash = NULL, summary = NULL, note = NULL FROM old
  WHERE e.tenant_id = old.tenant_id AND e.id = old.id RETURNING e.id`;
