import type { ConnectorType } from '#connectors';
import type { Classification } from '#libs/classification';
import type { Briefing, TaskSource } from './briefing.ts';
import type { ScoreParts, TaskState } from './rules/index.ts';

/** The statements on tasks and briefings. Tenant binding comes from the transaction (row-level security). */

export interface TaskRow {
  id: string;
  user_id: string;
  state: Exclude<TaskState, 'purged'>;
  title: string;
  score: number;
  score_parts: ScoreParts;
  deadline: string | null;
  /** pg reads 'infinity' (no deadline) as a number. */
  ends_at: Date | number;
  created_at: string;
  systems: ConnectorType[];
  blocking: boolean;
  classification: Classification;
  details: TaskDetails;
  word_done: boolean | null;
  word_at: Date | null;
  discovered_at: Date;
  completed_at: Date | null;
  archived_at: Date | null;
  /** `system:id` of its items. */
  items: string[];
}

export interface TaskDetails {
  readonly sources: readonly TaskSource[];
  readonly reasons: readonly string[];
  readonly related: readonly { readonly taskId: string; readonly confidence: number }[];
}

export interface DecisionRow {
  a: string;
  b: string;
  kind: 'merged' | 'split';
}

export interface PurgedRow {
  /** `system:id` */
  item: string;
  archived_at: Date;
}

export interface BriefingRow {
  id: string;
  user_id: string;
  generated_at: Date;
  window_start: Date | null;
  window_end: Date | null;
  body: Briefing;
}

/** Makes the person's book where there is none, and holds its lock to the end of the transaction. */
export const LOCK_BOOK = `
  INSERT INTO task_books AS b (tenant_id, user_id) VALUES ($1, $2)
  ON CONFLICT (tenant_id, user_id) DO UPDATE SET fingerprint = b.fingerprint
  RETURNING b.fingerprint, b.refreshed_at`;

export const NOTE_BOOK = `UPDATE task_books SET fingerprint = $2, refreshed_at = $3 WHERE user_id = $1`;

export const BOOK_AGE = `SELECT refreshed_at FROM task_books WHERE user_id = $1`;

/** Tenants and people with tasks that age alone may move. */
export const BOOKS = `SELECT tenant_id, user_id FROM task_books WHERE (tenant_id, user_id) > ($1, $2)
  ORDER BY tenant_id, user_id LIMIT $3`;

const TASK = `t.id, t.user_id, t.state, t.title, t.score, t.score_parts, t.deadline, t.ends_at, t.created_at, t.systems, t.blocking,
  t.classification, t.details, t.word_done, t.word_at, t.discovered_at, t.completed_at, t.archived_at`;

export const TASKS_OF_PERSON = `
  SELECT ${TASK}, coalesce(i.items, '{}') AS items
  FROM tasks t LEFT JOIN (
    SELECT task_id, array_agg(system || ':' || external_id ORDER BY system, external_id) AS items
    FROM task_items WHERE user_id = $1 GROUP BY task_id) i ON i.task_id = t.id
  WHERE t.user_id = $1`;

export const FIND_TASK = `
  SELECT ${TASK}, ARRAY(SELECT i.system || ':' || i.external_id FROM task_items i
    WHERE i.tenant_id = t.tenant_id AND i.task_id = t.id ORDER BY 1) AS items
  FROM tasks t WHERE t.id = $1 AND t.user_id = $2`;

/**
 * Ties as `rank` breaks them: the earlier deadline, then the older, then the id.
 * $1 person, $2 states, $3 least score, $4 system, $5 blocking, $6 to $9 score, end, age and id of the last one seen, $10 limit
 */
export const LIST_TASKS = `
  SELECT ${TASK}, '{}'::text[] AS items FROM tasks t
  WHERE t.user_id = $1 AND t.state = ANY($2) AND t.score >= $3 AND ($4::text IS NULL OR $4 = ANY(t.systems))
    AND ($5::boolean IS NULL OR t.blocking = $5) AND ($6::int IS NULL OR
      (-t.score, t.ends_at, t.created_at COLLATE "C", t.id) > (-$6::int, $7::timestamptz, $8::text, $9::text))
  ORDER BY t.score DESC, t.ends_at, t.created_at COLLATE "C", t.id LIMIT $10`;

/** $1 tenant, $2 person, $3 the tasks as JSON */
export const PUT_TASKS = `
  INSERT INTO tasks (tenant_id, user_id, id, state, title, score, score_parts, deadline, ends_at, created_at, systems, blocking,
    classification, details, word_done, word_at, discovered_at, completed_at, archived_at)
  SELECT $1, $2, r.id, r.state, r.title, r.score, r.score_parts, r.deadline, r.ends_at, r.created_at, r.systems, r.blocking,
    r.classification, r.details, r.word_done, r.word_at, r.discovered_at, r.completed_at, r.archived_at
  FROM jsonb_to_recordset($3::jsonb) AS r(id text, state text, title text, score int, score_parts jsonb, deadline text,
    ends_at timestamptz, created_at text, systems text[], blocking boolean, classification text, details jsonb, word_done boolean,
    word_at timestamptz, discovered_at timestamptz, completed_at timestamptz, archived_at timestamptz)
  ON CONFLICT (tenant_id, id) DO UPDATE SET state = excluded.state, title = excluded.title, score = excluded.score,
    score_parts = excluded.score_parts, deadline = excluded.deadline, ends_at = excluded.ends_at, created_at = excluded.created_at,
    systems = excluded.systems, blocking = excluded.blocking, classification = excluded.classification,
    details = excluded.details, word_done = excluded.word_done, word_at = excluded.word_at,
    completed_at = excluded.completed_at, archived_at = excluded.archived_at`;

/** $1 id, $2 state, $3 the person's word, $4 when, $5 completed, $6 archived */
export const SET_STATE = `
  UPDATE tasks SET state = $2, word_done = $3, word_at = CASE WHEN $3::boolean IS NULL THEN NULL ELSE $4::timestamptz END,
    completed_at = $5, archived_at = $6 WHERE id = $1`;

export const DELETE_TASKS = `DELETE FROM tasks WHERE user_id = $1 AND id = ANY($2)`;

/** $1 tenant, $2 person, $3 [{system, external_id, task_id}] as JSON */
export const PUT_TASK_ITEMS = `
  INSERT INTO task_items (tenant_id, user_id, system, external_id, task_id)
  SELECT $1, $2, r.system, r.external_id, r.task_id
  FROM jsonb_to_recordset($3::jsonb) AS r(system text, external_id text, task_id text)
  ON CONFLICT (tenant_id, user_id, system, external_id) DO UPDATE SET task_id = excluded.task_id`;

/** Of person $1, all that are not among $2. */
export const FORGET_TASK_ITEMS = `
  DELETE FROM task_items WHERE user_id = $1 AND NOT (system || ':' || external_id = ANY($2))`;

export const PURGED_ITEMS = `SELECT item, archived_at FROM purged_items WHERE user_id = $1`;

/** $1 tenant, $2 person, $3 [{item, archived_at}] as JSON: these and no others. */
export const SET_PURGED_ITEMS = `
  WITH wanted AS (SELECT * FROM jsonb_to_recordset($3::jsonb) AS r(item text, archived_at timestamptz)),
  gone AS (DELETE FROM purged_items WHERE user_id = $2 AND item NOT IN (SELECT item FROM wanted))
  INSERT INTO purged_items (tenant_id, user_id, item, archived_at) SELECT $1, $2, item, archived_at FROM wanted
  ON CONFLICT (tenant_id, user_id, item) DO UPDATE SET archived_at = excluded.archived_at`;

export const DECISIONS = `SELECT a, b, kind FROM task_decisions WHERE user_id = $1`;

/** $1 tenant, $2 person, $3 when, $4 [{a, b, kind}] as JSON */
export const PUT_DECISIONS = `
  INSERT INTO task_decisions (tenant_id, user_id, a, b, kind, decided_at)
  SELECT $1, $2, r.a, r.b, r.kind, $3 FROM jsonb_to_recordset($4::jsonb) AS r(a text, b text, kind text)
  ON CONFLICT (tenant_id, user_id, a, b) DO UPDATE SET kind = excluded.kind, decided_at = excluded.decided_at`;

/** $1 tenant, $2 id, $3 person, $4 when, $5 and $6 window, $7 body. Nothing where that window has its briefing. */
export const INSERT_BRIEFING = `
  INSERT INTO briefings (tenant_id, id, user_id, generated_at, window_start, window_end, body)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, user_id, window_start) DO NOTHING RETURNING id`;

const BRIEFING = `id, user_id, generated_at, window_start, window_end, body`;
export const BRIEFING_OF_WINDOW = `SELECT ${BRIEFING} FROM briefings WHERE user_id = $1 AND window_start = $2`;
export const FIND_BRIEFING = `SELECT ${BRIEFING} FROM briefings WHERE user_id = $1 AND id = $2`;
/** $1 person, $2 before this id or null, $3 limit */
export const LIST_BRIEFINGS = `
  SELECT ${BRIEFING} FROM briefings WHERE user_id = $1 AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`;

/** When the newest of person $1 was made. */
export const LAST_GENERATED = `SELECT generated_at FROM briefings WHERE user_id = $1 ORDER BY id DESC LIMIT 1`;

/** Of person $1, those made before $2. */
export const FORGET_BRIEFINGS = `DELETE FROM briefings WHERE user_id = $1 AND generated_at < $2`;

/** Of everybody, also of who has left, those made before $1. */
export const FORGET_ALL_BRIEFINGS = `DELETE FROM briefings WHERE generated_at < $1`;

/** Everybody as far as the chain of management goes. */
export const CHAIN = `SELECT id, lower(email) AS email, manager_id AS "managerId" FROM users WHERE active`;
