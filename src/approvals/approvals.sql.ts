import type { Classification } from '#libs/classification';
import type { Approval, Kind, Status } from './approval.ts';

/** The statements on approvals. Tenant binding comes from the transaction (row-level security). */

export interface ApprovalRow {
  tenant_id: string;
  id: string;
  user_id: string;
  kind: Kind;
  status: Status;
  subject: string;
  proposal: Record<string, unknown>;
  classification: Classification;
  edited: boolean;
  requested_at: Date;
  expires_at: Date;
  decided_at: Date | null;
  decided_by: string | null;
  reason: string | null;
  message_id: string | null;
  decision_id: string | null;
  exchange_id: string | null;
}

const COLUMNS = `tenant_id, id, user_id, kind, status, subject, proposal, classification, edited, requested_at, expires_at,
  decided_at, decided_by, reason, message_id, decision_id, exchange_id`;

/** Nothing where the same has been asked before. */
export const INSERT_APPROVAL = `
  INSERT INTO approvals (tenant_id, id, user_id, kind, subject, proposal, classification, requested_at, expires_at,
    message_id, decision_id, exchange_id, exchange_round, request_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
  ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`;

/** What has been asked before: $1 message, $2 decision, $3 exchange in round $4 of person $5 */
export const FIND_ASKED = `
  SELECT ${COLUMNS} FROM approvals
  WHERE message_id = $1 OR decision_id = $2 OR (exchange_id = $3 AND exchange_round = $4 AND user_id = $5) LIMIT 1`;

export const FIND_APPROVAL = `SELECT ${COLUMNS} FROM approvals WHERE id = $1`;

/** Of people $1 (null: everybody); $2 status, $3 kind, $4 before this id, each may be null; $5 limit. Newest first. */
export const LIST_APPROVALS = `
  SELECT ${COLUMNS} FROM approvals
  WHERE ($1::text[] IS NULL OR user_id = ANY($1)) AND ($2::text IS NULL OR status = $2)
    AND ($3::text IS NULL OR kind = $3) AND ($4::text IS NULL OR id < $4)
  ORDER BY id DESC LIMIT $5`;

/** The first decision wins: nothing where there is one already, or the time is over. $6 an edited proposal or null */
export const DECIDE = `
  WITH decided AS (
    UPDATE approvals SET status = $2, decided_at = $3, decided_by = $4, reason = $5,
      proposal = coalesce($6::jsonb, proposal), edited = $6::jsonb IS NOT NULL
    WHERE id = $1 AND status = 'pending' AND expires_at > $3 RETURNING ${COLUMNS}
  ) SELECT * FROM decided`;

export const COUNT_PENDING = `
  SELECT count(*)::int AS n FROM approvals WHERE user_id = $1 AND status = 'pending' AND expires_at > $2`;

export const COUNT_ALL_PENDING = `
  SELECT count(*)::int AS n FROM approvals WHERE status = 'pending' AND expires_at > $1`;

/** A page of what is over at $1, of every tenant: those after ($2, $3) */
export const OVERDUE = `
  SELECT tenant_id, user_id, id, expires_at::text FROM approvals
  WHERE status = 'pending' AND expires_at <= $1 AND (approvals.expires_at, id) > ($2::timestamptz, $3)
  ORDER BY approvals.expires_at, id LIMIT $4`;

/** Nothing where somebody else has it in hand, or has been quicker. */
export const EXPIRE = `
  WITH due AS (
    SELECT tenant_id, id FROM approvals
    WHERE id = $1 AND status = 'pending' AND expires_at <= $2 FOR UPDATE SKIP LOCKED
  ), expired AS (
    UPDATE approvals a SET status = 'expired', decided_at = $2 FROM due
    WHERE a.tenant_id = due.tenant_id AND a.id = due.id
    RETURNING ${COLUMNS.replace(/\b(\w+)\b/g, 'a.$1')}
  ) SELECT * FROM expired`;

/** Those that end by $2 ($3 at most), each taken once; other processes pass them over. $1 now */
export const TAKE_REMINDERS = `
  WITH due AS (
    SELECT tenant_id, id FROM approvals
    WHERE status = 'pending' AND reminded_at IS NULL AND expires_at > $1 AND expires_at <= $2
    ORDER BY user_id, id LIMIT $3 FOR UPDATE SKIP LOCKED
  ), reminded AS (
    UPDATE approvals a SET reminded_at = $1 FROM due WHERE a.tenant_id = due.tenant_id AND a.id = due.id
    RETURNING ${COLUMNS.replace(/\b(\w+)\b/g, 'a.$1')}
  ) SELECT * FROM reminded ORDER BY tenant_id, user_id, id`;

export function toApproval(row: ApprovalRow): Approval {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    userId: row.user_id,
    kind: row.kind,
    status: row.status,
    subject: row.subject,
    proposal: row.proposal,
    ...(row.edited ? { edited: true } : {}),
    classification: row.classification,
    requestedAt: row.requested_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    ...(row.decided_at ? { decidedAt: row.decided_at.toISOString() } : {}),
    ...(row.decided_by ? { decidedBy: row.decided_by } : {}),
    ...(row.reason ? { reason: row.reason } : {}),
    ...(row.message_id ? { messageId: row.message_id } : {}),
    ...(row.decision_id ? { decisionId: row.decision_id } : {}),
    ...(row.exchange_id ? { exchangeId: row.exchange_id } : {}),
  };
}
