import type { Classification } from '#libs/classification';
import type { Reach } from '#libs/access';
import { timeOf } from './ids.ts';
import { sourceKey, teamKey } from './encode.ts';
import type { ActionType, Outcome, PolicyResult } from './entry.ts';

/** What is asked of the log; absent: no matter. All that is given must hold. */
export interface AuditFilter {
  readonly userId?: string;
  readonly actionType?: ActionType;
  readonly policyResult?: PolicyResult;
  readonly outcome?: Outcome;
  readonly classification?: Classification;
  readonly requestId?: string;
  /** Some data came from there. */
  readonly source?: string;
  /** Words that all occur in the detail or the reason. */
  readonly q?: string;
  /** First moment, ISO 8601. */
  readonly from?: string;
  /** Last moment, ISO 8601. */
  readonly to?: string;
}

export interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

const COLUMNS = `id, tenant_id, timestamp, user_id, org_id, team_ids, actor, action_type, action_detail, data_accessed,
  model_used, model_tokens, data_classification, policy_applied, policy_result, policy_reason, outcome, request_id,
  writer, writer_seq`;
const ORDER = 'ORDER BY timestamp DESC, id DESC';

/**
 * One page of a tenant's log, newest first. Each way in which an entry can be within reach (organisation, team,
 * oneself) is a branch of its own, so that each is read in order from its own index; a branch leaves out what an
 * earlier one has.
 *
 * @param horizon nothing is newer than this; keeps the months to come out of the plan
 */
export function pageStatement(
  tenantId: string,
  filter: AuditFilter,
  reach: Reach,
  page: { readonly limit: number; readonly beforeId?: string; readonly horizon: string },
): Statement {
  const values: unknown[] = [];
  const put = (value: unknown) => `$${values.push(value)}`;
  const conditions = conditionsOf(tenantId, filter, put);
  conditions.push(`timestamp <= ${put(page.horizon)}::timestamptz`);
  if (page.beforeId !== undefined) {
    const time = put(new Date(timeOf(page.beforeId)).toISOString());
    conditions.push(
      `timestamp <= ${time}::timestamptz`,
      `(timestamp, id) < (${time}::timestamptz, ${put(page.beforeId)})`,
    );
  }
  const limit = put(page.limit);
  const branches = reachOptions(tenantId, reach, put).map((option, at, options) => {
    const all = [...conditions, option, ...options.slice(0, at).map((other) => `(${other}) IS NOT TRUE`)];
    return `SELECT ${COLUMNS} FROM audit_log WHERE ${all.join(' AND ')} ${ORDER} LIMIT ${limit}`;
  });
  const [only] = branches;
  if (branches.length === 1 && only) return { text: only, values };
  return { text: `${branches.map((branch) => `(${branch})`).join(' UNION ALL ')} ${ORDER} LIMIT ${limit}`, values };
}

/** One entry by its id, if within reach. */
export function entryStatement(tenantId: string, id: string, reach: Reach): Statement {
  const values: unknown[] = [];
  const put = (value: unknown) => `$${values.push(value)}`;
  const key = `id = ${put(id)} AND timestamp = ${put(new Date(timeOf(id)).toISOString())}::timestamptz`;
  const options = reachOptions(tenantId, reach, put);
  return { text: `SELECT ${COLUMNS} FROM audit_log WHERE ${key} AND (${options.join(' OR ')})`, values };
}

function conditionsOf(tenantId: string, filter: AuditFilter, put: (value: unknown) => string): string[] {
  const conditions: string[] = [];
  if (filter.userId !== undefined) conditions.push(`user_id = ${put(filter.userId)}`);
  if (filter.actionType !== undefined) conditions.push(`action_type = ${put(filter.actionType)}`);
  if (filter.policyResult !== undefined) conditions.push(`policy_result = ${put(filter.policyResult)}`);
  if (filter.outcome !== undefined) conditions.push(`outcome = ${put(filter.outcome)}`);
  if (filter.classification !== undefined) conditions.push(`data_classification = ${put(filter.classification)}`);
  if (filter.requestId !== undefined) conditions.push(`request_id = ${put(filter.requestId)}`);
  if (filter.source !== undefined) conditions.push(`keys @> ${put([sourceKey(tenantId, filter.source)])}::text[]`);
  if (filter.q !== undefined) {
    const query = `plainto_tsquery('simple', ${put(filter.q)}) && ${put(`'tenant/${tenantId}'`)}::tsquery`;
    conditions.push(`audit_words(tenant_id, action_detail, policy_reason) @@ (${query})`);
  }
  if (filter.from !== undefined) conditions.push(`timestamp >= ${put(filter.from)}::timestamptz`);
  if (filter.to !== undefined) conditions.push(`timestamp <= ${put(filter.to)}::timestamptz`);
  return conditions;
}

function reachOptions(tenantId: string, reach: Reach, put: (value: unknown) => string): string[] {
  if (reach.all) return ['true'];
  const options = reach.orgIds.map((org) => `org_id = ${put(org)}`);
  if (reach.teamIds.length > 0) {
    options.push(`keys && ${put(reach.teamIds.map((team) => teamKey(tenantId, team)))}::text[]`);
  }
  options.push(...reach.userIds.map((user) => `user_id = ${put(user)}`));
  return options.length > 0 ? options : ['false'];
}
