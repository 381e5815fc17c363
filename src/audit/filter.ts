import type { Classification } from '#libs/classification';
import type { Reach } from '#libs/access';
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

/** Takes a value of a statement and gives its place in the text, such as `$3`. */
export type Put = (value: unknown) => string;

/** The column whose index gives the entries of this filter and reach in the order of time; undefined: the tenant's own. */
export function orderedBy(filter: AuditFilter, reach: Reach): { column: string; value: string } | undefined {
  if (filter.requestId !== undefined) return { column: 'request_id', value: filter.requestId };
  const userId = filter.userId ?? onlyPersonOf(reach);
  return userId === undefined ? undefined : { column: 'user_id', value: userId };
}

/** Conditions on the columns of one entry, apart from time and from what `orderedBy` holds already. */
export function testsOf(tenantId: string, filter: AuditFilter, reach: Reach, put: Put): string[] {
  const ordered = orderedBy(filter, reach);
  const tests: string[] = [];
  const equal = (column: string, value: string | undefined) => {
    if (value === undefined || (ordered?.column === column && ordered.value === value)) return;
    tests.push(`${column} = ${put(value)}`);
  };
  equal('request_id', filter.requestId);
  equal('user_id', filter.userId);
  equal('action_type', filter.actionType);
  equal('policy_result', filter.policyResult);
  equal('outcome', filter.outcome);
  equal('data_classification', filter.classification);
  if (filter.source !== undefined) tests.push(`keys @> ${put([sourceKey(tenantId, filter.source)])}::text[]`);
  const person = onlyPersonOf(reach);
  if (person !== undefined) equal('user_id', person);
  else if (!reach.all) tests.push(withinReach(tenantId, reach, put));
  return tests;
}

/** The words of `q` occur; reads them out of the entry's text, which takes some 25 µs. */
export function wordsTest(tenantId: string, q: string, put: Put): string {
  return `audit_words(tenant_id, action_detail, policy_reason) @@ (${wordsQuery(q, put)} && ${put(quote(`tenant/${tenantId}`))}::tsquery)`;
}

/**
 * All of the filter and the reach but `requestId` and times, as a query of an entry's terms (migration audit-terms). Terms are
 * narrower than nothing and wider than `testsOf`: what they find is tested again.
 */
export function termsQuery(tenantId: string, filter: AuditFilter, reach: Reach, put: Put): string {
  const all: string[] = [];
  const term = (kind: string, value: string | undefined) => {
    if (value !== undefined) all.push(quote(`${kind}/${value}`));
  };
  term('user', filter.userId);
  term('type', filter.actionType);
  term('outcome', filter.outcome);
  term('result', filter.policyResult);
  term('classification', filter.classification);
  if (filter.source !== undefined) all.push(quote(sourceKey(tenantId, filter.source)));
  if (!reach.all) {
    const places = [
      ...reach.orgIds.map((org) => `org/${org}`),
      ...reach.teamIds.map((team) => teamKey(tenantId, team)),
      ...reach.userIds.map((user) => `user/${user}`),
    ];
    all.push(`(${places.map(quote).join(' | ')})`);
  }
  const terms = `${put(all.join(' & '))}::tsquery`;
  return filter.q === undefined ? terms : `${wordsQuery(filter.q, put)} && ${terms}`;
}

/** The tenant's entries of some slots of time, or of all, as a query of terms. */
export function slotsQuery(tenantId: string, slots: readonly string[]): string {
  const tenant = quote(`tenant/${tenantId}`);
  return slots.length === 0 ? tenant : `(${slots.map(quote).join(' | ')}) & ${tenant}`;
}

/** Nothing at all can be within it. */
export function isEmpty(reach: Reach): boolean {
  return !reach.all && reach.orgIds.length + reach.teamIds.length + reach.userIds.length === 0;
}

/** The entry's place in the organisation, as a condition. */
export function withinReach(tenantId: string, reach: Reach, put: Put): string {
  if (reach.all) return 'true';
  const options: string[] = [];
  if (reach.orgIds.length > 0) options.push(`org_id = ANY(${put(reach.orgIds)}::text[])`);
  if (reach.teamIds.length > 0) {
    options.push(`keys && ${put(reach.teamIds.map((team) => teamKey(tenantId, team)))}::text[]`);
  }
  if (reach.userIds.length > 0) options.push(`user_id = ANY(${put(reach.userIds)}::text[])`);
  return options.length > 0 ? `(${options.join(' OR ')})` : 'false';
}

function onlyPersonOf(reach: Reach): string | undefined {
  if (reach.all || reach.orgIds.length > 0 || reach.teamIds.length > 0) return undefined;
  return reach.userIds.length === 1 ? reach.userIds[0] : undefined;
}

function wordsQuery(q: string, put: Put): string {
  return `plainto_tsquery('simple', ${put(q)})`;
}

/** A term as it is written in a tsquery. */
function quote(term: string): string {
  return `'${term.replace(/['\\]/g, '$&$&')}'`;
}
