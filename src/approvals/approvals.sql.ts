import type { Classification } from '#libs/classification';
import type { Approval, ApprovalKind, ApprovalStatus } from './approval.ts';

/** The statements on approvals. Tenant binding comes from the transaction (row-level security). */

export interface ApprovalRow {
  tenant_id: string;
  id: string;
  user_id: string;
  kind: ApprovalKind;
  status: ApprovalStatus;
  subject: string;
  proposal: Record<string, unknown>;
  edited: boolean;
  classification: Classification;
  message_id: string | null;
  decision_id: string | null;
  exchange_id: string | null;
  requested_at: Date;
  expires_at: Date;
  decided_at: Date | null;
  decided_by: string | null;
  reason: string | null;
}

const COLUMNS = `tenant_id, id, user_id, kind, status, subject, proposal, edited, classification, message_id, decision_id,
  exchange_id, requested_at, expires_at, decided_at, decided_by, reason`;

/** Nothing where the same question is there already. */
export const INSERT = `
  INSERT INTO approvals (tenant_id, id, user_id, kind, subject, proposal, classification, message_id, decision_id, exchange_id,
    requested_at, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`;

/** $1 person, $2 message, $3 decision, $4 exchange */
export const SAME = `
  SELECT ${COLUMNS} FROM approvals
  WHERE user_id = $1 AND (message_id = $2 OR decision_id = $3 OR exchange_id = $4)`;

export const FIND = `SELECT ${COLUMNS} FROM approvals WHERE id = $1`;

/** $1 person or null, $2 status, $3 kind, $4 before this id, $5 limit; newest first */
export const LIST = `
  SELECT ${COLUMNS} FROM approvals
  WHERE ($1::text IS NULL OR user_id = $1) AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR kind = $3)
    AND ($4::text IS NULL OR id < $4)
  ORDER BY id DESC LIMIT $5`;

/** The first to find it pending decides it. $1 id, $2 status, $3 now, $4 by, $5 reason, $6 what is changed of the proposal */
export const DECIDE = `
  UPDATE approvals SET status = $2, decided_at = $3, decided_by = $4, reason = $5,
    proposal = proposal || coalesce($6::jsonb, '{}'), edited = $6::jsonb IS NOT NULL
  WHERE id = $1 AND status = 'pending' AND expires_at > $3 RETURNING ${COLUMNS}`;

/** $1 id, $2 now */
export const EXPIRE = `
  UPDATE approvals SET status = 'expired', decided_at = $2, decided_by = 'system'
  WHERE id = $1 AND status = 'pending' AND expires_at <= $2 RETURNING ${COLUMNS}`;

/** $1 id, $2 now */
export const REMIND = `
  UPDATE approvals SET reminded_at = $2 WHERE id = $1 AND status = 'pending' AND reminded_at IS NULL RETURNING ${COLUMNS}`;

/** Across tenants. $1 now, $2 limit */
export const DUE = `
  SELECT tenant_id, id FROM approvals WHERE status = 'pending' AND expires_at <= $1 ORDER BY expires_at LIMIT $2`;

/** Across tenants. $1 now, $2 remind those that expire before, $3 limit */
export const TO_REMIND = `
  SELECT tenant_id, id FROM approvals
  WHERE status = 'pending' AND expires_at > $1 AND expires_at <= $2 AND reminded_at IS NULL ORDER BY expires_at LIMIT $3`;

export const PENDING_OF_PERSON = `
  SELECT count(*)::int AS n FROM approvals WHERE user_id = $1 AND status = 'pending' AND expires_at > $2`;
export const PENDING = `SELECT count(*)::int AS n FROM approvals WHERE status = 'pending'`;

export function toApproval(row: ApprovalRow): Approval {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    userId: row.user_id,
    kind: row.kind,
    status: row.status,
    subject: row.subject,
    proposal: row.proposal,
    edited: row.edited,
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
