import { invalid } from '#libs/http';
import { isUlid, timeOf } from './ids.ts';
import type { NewEntry } from './entry.ts';

export const DETAIL_LIMIT_BYTES = 65_536;
export const ENTRY_LIMIT_BYTES = 262_144;
/** Longest text that is an index key: far below what a B-tree page takes. */
export const KEY_LIMIT = 256;

const TENANT_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** An entry as `audit_append` takes it. */
export interface Row {
  readonly id: string;
  readonly tenantId: string;
  readonly json: string;
}

/** What the index over sources and teams holds: the tenant is part of each key. */
export function sourceKey(tenantId: string, source: string): string {
  return `source/${tenantId}/${source}`;
}
export function teamKey(tenantId: string, team: string): string {
  return `team/${tenantId}/${team}`;
}

/**
 * Writes an entry down once, checked against everything for which PostgreSQL would refuse it, so that one bad entry
 * never stops the batch it would travel in.
 * @throws Problem `validation_failed`
 */
export function encode(entry: NewEntry, id: string): Row {
  if (!TENANT_ID.test(entry.tenantId))
    throw invalid('tenantId', `${JSON.stringify(entry.tenantId)} is not a tenant id`);
  if (!isUlid(id)) throw invalid('id', `${JSON.stringify(id)} is not a ULID`);
  checkKey('userId', entry.userId);
  checkKey('orgId', entry.orgId);
  checkKey('requestId', entry.requestId);
  const keys: string[] = [];
  for (const access of entry.dataAccessed ?? []) {
    checkKey('dataAccessed.source', access.source);
    const key = sourceKey(entry.tenantId, access.source);
    if (!keys.includes(key)) keys.push(key);
  }
  for (const team of entry.teamIds ?? []) {
    checkKey('teamIds', team);
    keys.push(teamKey(entry.tenantId, team));
  }
  const detail = stringify(entry.actionDetail);
  if (detail.length > DETAIL_LIMIT_BYTES / 4 && Buffer.byteLength(detail) > DETAIL_LIMIT_BYTES) {
    throw invalid(
      'actionDetail',
      `has ${Buffer.byteLength(detail)} bytes as JSON; accepted: at most ${DETAIL_LIMIT_BYTES}`,
    );
  }
  const others = stringify({
    id,
    tenant_id: entry.tenantId,
    ms: timeOf(id),
    user_id: entry.userId ?? undefined,
    org_id: entry.orgId ?? undefined,
    team_ids: entry.teamIds?.length ? entry.teamIds : undefined,
    actor: entry.actor,
    action_type: entry.actionType,
    data_accessed: entry.dataAccessed?.length ? entry.dataAccessed : undefined,
    model_used: entry.modelUsed ?? undefined,
    model_tokens: entry.modelTokens ?? undefined,
    data_classification: entry.dataClassification ?? undefined,
    policy_applied: entry.policyApplied ?? undefined,
    policy_result: entry.policyResult ?? undefined,
    policy_reason: entry.policyReason ?? undefined,
    outcome: entry.outcome,
    request_id: entry.requestId ?? undefined,
    keys: keys.length > 0 ? keys : undefined,
  });
  const json = `${others.slice(0, -1)},"action_detail":${detail}}`;
  if (json.length > ENTRY_LIMIT_BYTES) {
    throw invalid('entry', `has ${json.length} characters as JSON; accepted: at most ${ENTRY_LIMIT_BYTES}`);
  }
  if (json.includes('\\u')) checkText('actionDetail', entry);
  return { id, tenantId: entry.tenantId, json };
}

function checkKey(path: string, value: string | null | undefined): void {
  if (value == null || (value.length > 0 && value.length <= KEY_LIMIT)) return;
  throw invalid(path, `has ${value.length} characters; accepted: 1 to ${KEY_LIMIT}`);
}

function stringify(value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw invalid('actionDetail', `cannot be written as JSON: ${(error as Error).message}`);
  }
  if (json === undefined) throw invalid('actionDetail', 'is missing; accepted: an object or text');
  return json;
}

/** PostgreSQL has no text with NUL or half a surrogate pair, and gives up on JSON nested very deep. */
function checkText(path: string, value: unknown, depth = 0): void {
  if (typeof value === 'string') {
    if (value.includes('\u0000')) throw invalid(path, 'has a NUL character, which is not accepted');
    if (!value.isWellFormed()) throw invalid(path, 'has half a surrogate pair; accepted: well-formed Unicode');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    checkText(depth === 0 ? key : path, key, depth + 1);
    checkText(depth === 0 ? key : path, inner, depth + 1);
  }
}
