import type { Reach } from '#libs/access';
import {
  type AuditFilter,
  orderedBy,
  type Put,
  slotsQuery,
  termsQuery,
  testsOf,
  withinReach,
  wordsTest,
} from './filter.ts';
import { timeOf } from './ids.ts';
import type { Stretch } from './stretches.ts';

export interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

/** What a page is a page of. */
export interface Search {
  readonly tenantId: string;
  readonly reach: Reach;
  readonly filter: AuditFilter;
  /** Only what is older than this entry. */
  readonly beforeId?: string | undefined;
  /** Nothing is newer than this; keeps the months to come out of the plan. */
  readonly horizon: string;
}

const COLUMNS = `id, tenant_id, timestamp, user_id, org_id, team_ids, actor, action_type, action_detail, data_accessed,
  model_used, model_tokens, data_classification, policy_applied, policy_result, policy_reason, outcome, request_id,
  writer, writer_seq`;
const NEWEST_FIRST = 'ORDER BY timestamp DESC, id DESC';
/** Keeps what is outside from being worked into what is inside. */
const FENCE = 'OFFSET 0';

/** Entries that a walk looks at: at 25 µs for finding words in one, and about 2 µs for anything else. */
const WALK = { forWords: 500, otherwise: 2_000 } as const;

export function walkLength({ filter }: Search, limit: number): number {
  return Math.max(filter.q === undefined ? WALK.otherwise : WALK.forWords, limit);
}

/** True if an index has just what is asked, in order. */
export function isOrdered({ tenantId, filter, reach }: Search): boolean {
  return filter.q === undefined && testsOf(tenantId, filter, reach, () => '').length === 0;
}

/** The newest matches among the newest `length` entries of the best index in the order of time. */
export function walkStatement(search: Search, limit: number, length: number): Statement {
  return statement((put) => {
    const tests = conditions(search, put);
    const walk = `SELECT ${COLUMNS}, keys FROM audit_log WHERE ${inOrder(search, put)} ${NEWEST_FIRST}`;
    if (tests.length === 0) return `SELECT ${COLUMNS} FROM (${walk} LIMIT ${put(limit)}) walk ${NEWEST_FIRST}`;
    return `SELECT ${COLUMNS} FROM (${walk} LIMIT ${put(length)}) walk WHERE ${tests.join(' AND ')}
      ${NEWEST_FIRST} LIMIT ${put(limit)}`;
  });
}

/** Where a walk began and ended, and the oldest entry that it could come to: ids; `last` is null if it came to all. */
export function walkEndsStatement(search: Search, length: number): Statement {
  return statement((put) => {
    const entries = `SELECT id FROM audit_log WHERE ${inOrder(search, put)}`;
    return `SELECT (${entries} ${NEWEST_FIRST} LIMIT 1) AS first,
      (${entries} ${NEWEST_FIRST} OFFSET ${put(length - 1)} LIMIT 1) AS last,
      (${entries} ORDER BY timestamp, id LIMIT 1) AS oldest`;
  });
}

/** Matches that are read to see whether they are few. */
const FEW = 1_000;

/**
 * The newest matches older than an entry, if there are few of them in the whole log: `looked` is then at most `FEW`, else the
 * rows are worth nothing. There is at least one row; without an id where nothing was found.
 */
export function fewStatement(search: Search, beforeId: string, oldestId: string, limit: number): Statement {
  const { tenantId, filter, reach } = search;
  return statement((put) => {
    const tests = olderTests(search, put);
    tests.push(`id < ${put(beforeId)}`);
    const terms = `${put(slotsQuery(tenantId, []))}::tsquery && ${termsQuery(tenantId, filter, reach, put)}`;
    return `WITH found AS MATERIALIZED (
        SELECT ${COLUMNS}, keys FROM audit_search WHERE terms @@ (${terms})
          AND timestamp >= ${put(monthOf(timeOf(oldestId)))}::timestamptz
          AND timestamp < ${put(monthOf(timeOf(beforeId), 1))}::timestamptz LIMIT ${FEW + 1})
      SELECT (SELECT count(*) FROM found)::int AS looked, entry.* FROM (SELECT) one LEFT JOIN (
        SELECT ${COLUMNS} FROM found WHERE ${tests.join(' AND ')} ${NEWEST_FIRST} LIMIT ${put(limit)}
      ) AS entry ON true ${NEWEST_FIRST}`;
  });
}

export const isFew = ({ looked }: { looked: number }): boolean => looked <= FEW;

/**
 * The newest matches in a stretch, by their terms. Terms are joined to the stretch's slots, so that a look costs what lies
 * in them and not all that has the terms.
 */
export function stretchStatement(search: Search, stretch: Stretch, limit: number): Statement {
  const { tenantId, filter, reach } = search;
  return statement((put) => {
    const tests = olderTests(search, put);
    tests.push(`id > ${put(stretch.afterId)}`, `id < ${put(stretch.beforeId)}`);
    const terms = `${put(slotsQuery(tenantId, stretch.slots))}::tsquery && ${termsQuery(tenantId, filter, reach, put)}`;
    return `SELECT ${COLUMNS} FROM (
        SELECT * FROM audit_search WHERE terms @@ (${terms})
          AND timestamp >= ${put(monthOf(stretch.fromMs))}::timestamptz
          AND timestamp < ${put(monthOf(stretch.untilMs, 1))}::timestamptz ${FENCE}
      ) found WHERE ${tests.join(' AND ')} ${NEWEST_FIRST} LIMIT ${put(limit)}`;
  });
}

/** What a match by terms must hold besides, but the time before which it lies. Only with a slash can a word look like another term. */
function olderTests(search: Search, put: Put): string[] {
  const { tenantId, filter, reach } = search;
  const tests = testsOf(tenantId, filter, reach, put);
  if (filter.q?.includes('/')) tests.push(wordsTest(tenantId, filter.q, put));
  const ordered = orderedBy(filter, reach);
  if (ordered) tests.push(`${ordered.column} = ${put(ordered.value)}`);
  if (filter.from !== undefined) tests.push(`timestamp >= ${put(filter.from)}::timestamptz`);
  return tests;
}

/** Whole months: they choose the partitions and are no reason to take another index than that of terms. */
function monthOf(ms: number, after = 0): string {
  const date = new Date(ms);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + after, 1)).toISOString();
}

/** One entry by its id, if within reach. */
export function entryStatement(tenantId: string, id: string, reach: Reach): Statement {
  return statement(
    (put) => `SELECT ${COLUMNS} FROM audit_log WHERE id = ${put(id)}
      AND timestamp = ${put(new Date(timeOf(id)).toISOString())}::timestamptz AND ${withinReach(tenantId, reach, put)}`,
  );
}

function conditions({ tenantId, filter, reach }: Search, put: Put): string[] {
  const tests = testsOf(tenantId, filter, reach, put);
  return filter.q === undefined ? tests : [...tests, wordsTest(tenantId, filter.q, put)];
}

/** The stretch of the index in the order of time that a walk goes along. */
function inOrder({ filter, reach, beforeId, horizon }: Search, put: Put): string {
  const conditions = [`timestamp <= ${put(horizon)}::timestamptz`];
  const ordered = orderedBy(filter, reach);
  if (ordered) conditions.push(`${ordered.column} = ${put(ordered.value)}`);
  if (filter.from !== undefined) conditions.push(`timestamp >= ${put(filter.from)}::timestamptz`);
  if (filter.to !== undefined) conditions.push(`timestamp <= ${put(filter.to)}::timestamptz`);
  if (beforeId !== undefined) {
    const time = put(new Date(timeOf(beforeId)).toISOString());
    conditions.push(`timestamp <= ${time}::timestamptz`, `(timestamp, id) < (${time}::timestamptz, ${put(beforeId)})`);
  }
  return conditions.join(' AND ');
}

function statement(write: (put: Put) => string): Statement {
  const values: unknown[] = [];
  const text = write((value) => `$${values.push(value)}`);
  return { text, values };
}
