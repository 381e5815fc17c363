import { AuditLog } from '#audit';
import { adminEntry, type DirectoryPerson } from '#identity';
import type { Principal } from '#libs/access';
import type { Classification } from '#libs/classification';
import { Clock } from '#libs/clock';
import { Database, type Transaction } from '#libs/database';
import { invalid, Problem } from '#libs/http';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { TaskSource } from '../briefing.ts';
import * as sql from '../briefing.sql.ts';
import { mayBecome, type ScoreParts, TASK_STATES, type TaskState } from '../rules/index.ts';
import { TaskBook } from './task-book.ts';
import { type SettableStatus, TASK_ID, type TaskList } from './tasks.schema.ts';

/** A task as people see it. */
export interface TaskView {
  readonly id: string;
  readonly status: TaskState;
  readonly title: string;
  readonly score: number;
  readonly scoreParts: ScoreParts;
  readonly reasons: readonly string[];
  readonly sources: readonly TaskSource[];
  /** `system:id` of each item, as `split` takes them. */
  readonly workItemIds: readonly string[];
  readonly deadline?: string;
  readonly classification: Classification;
  readonly discoveredAt: string;
  readonly completedAt?: string;
  readonly relation?: { readonly taskId: string; readonly confidence: number };
}

/** Who calls, and the request that it is for the audit log. */
export interface By {
  readonly principal: Principal;
  readonly requestId: string;
}

/** The list is at most so old, in milliseconds; a new briefing always looks anew. */
const LIST_AGE_MS = 15_000;

/** A person's tasks and what the person says of them, which sticks. */
@Injectable()
export class Tasks {
  constructor(
    private readonly book: TaskBook,
    private readonly audit: AuditLog,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Best first. */
  async list(person: DirectoryPerson, list: TaskList): Promise<{ items: TaskView[]; nextCursor: string | null }> {
    await this.book.refreshIfOld(person, LIST_AGE_MS);
    const after = list.cursor === undefined ? undefined : decodeCursor(list.cursor);
    const rows: sql.TaskRow[] = await this.database.tenant(person.tenantId, (tx) =>
      tx.query(sql.LIST_TASKS, [
        person.id,
        list.status ? [list.status] : ['discovered', 'active'],
        list.minScore ?? 0,
        list.source ?? null,
        list.blocking ?? null,
        after?.score ?? null,
        after?.ends ?? null,
        after?.createdAt ?? null,
        after?.id ?? null,
        list.limit + 1,
      ]),
    );
    const items = rows.slice(0, list.limit);
    const last = items.at(-1);
    return { items: items.map(toView), nextCursor: rows.length > list.limit && last ? encodeCursor(last) : null };
  }

  /** @throws Problem `not_found` */
  async get(person: DirectoryPerson, id: string): Promise<TaskView> {
    return toView(await this.database.tenant(person.tenantId, (tx) => find(tx, person, id)));
  }

  /** The person's word on where a task is; it outranks what is seen in the systems. */
  async setStatus(person: DirectoryPerson, id: string, status: SettableStatus, by: By): Promise<TaskView> {
    await this.change(person, by, 'task.status', { id, status }, async (tx) => {
      const row = await find(tx, person, id);
      if (row.state === status) return;
      if (!mayBecome(row.state, status)) {
        const accepted = TASK_STATES.filter((state) => state !== 'purged' && mayBecome(row.state, state));
        const words = accepted.length > 0 ? `it may become ${accepted.join(' or ')}` : 'it changes no more';
        throw new Problem('conflict', `Task "${id}" is ${row.state}; ${words}.`);
      }
      const now = new Date(this.clock.now());
      await tx.query(sql.SET_STATE, [
        id,
        status,
        status === 'archived' ? row.word_done : status === 'completed',
        now,
        status === 'completed' ? now : status === 'active' ? null : row.completed_at,
        status === 'archived' ? now : row.archived_at,
      ]);
    });
    return this.get(person, id);
  }

  /** These two are one piece of work, from now on. @returns the task that holds both */
  async merge(person: DirectoryPerson, id: string, otherId: string, by: By): Promise<TaskView> {
    if (id === otherId) throw invalid('taskId', 'is the task itself; accepted: the id of another one of your tasks');
    const kept = await this.change(person, by, 'task.merge', { id, taskId: otherId }, async (tx) => {
      const [one, other] = [await find(tx, person, id), await find(tx, person, otherId)];
      for (const task of [one, other]) requireItems(task);
      // Whatever was said against it before is taken back, pair by pair; one item of each then holds them together.
      const pairs = one.items.flatMap((a) => other.items.map((b) => [a, b] as const));
      await this.decide(tx, person, pairs, 'merged');
      return one.items[0]!;
    });
    return this.taskOf(person, kept);
  }

  /**
   * These items are another piece of work than the rest, from now on.
   * @returns the task as it remains and the new one
   */
  async split(person: DirectoryPerson, id: string, workItemIds: readonly string[], by: By) {
    const [stays, goes] = await this.change(person, by, 'task.split', { id, workItemIds }, async (tx) => {
      const { items } = await find(tx, person, id);
      const keys = workItemIds.map((given) => keyOf(given, items));
      const unknown = keys.indexOf(undefined);
      if (unknown >= 0) {
        throw invalid(
          `workItemIds.${unknown}`,
          `${JSON.stringify(workItemIds[unknown])} is no item of this task; accepted: ${items.join(', ')}`,
        );
      }
      const going = [...new Set(keys as string[])];
      const staying = items.filter((key) => !going.includes(key));
      if (staying.length === 0) throw invalid('workItemIds', 'names every item of the task; at least one must stay');
      // Each half holds together by its own, also where only an item of the other half held it.
      await this.decide(tx, person, [...chain(going), ...chain(staying)], 'merged');
      await this.decide(
        tx,
        person,
        going.flatMap((a) => staying.map((b) => [a, b] as const)),
        'split',
      );
      return [staying[0]!, going[0]!] as const;
    });
    return { task: await this.taskOf(person, stays), split: await this.taskOf(person, goes) };
  }

  private async taskOf(person: DirectoryPerson, item: string): Promise<TaskView> {
    await this.book.refresh(person);
    const rows: sql.TaskRow[] = await this.database.tenant(person.tenantId, (tx) =>
      tx.query(sql.TASKS_OF_PERSON, [person.id]),
    );
    const row = rows.find(({ items }) => items.includes(item));
    if (!row) throw new Problem('not_found', 'The work item is no longer there.');
    return toView(row);
  }

  private decide(
    tx: Transaction,
    { tenantId, id }: DirectoryPerson,
    pairs: readonly (readonly [string, string])[],
    kind: sql.DecisionRow['kind'],
  ): Promise<unknown> {
    const rows = pairs.map(([a, b]) => (a < b ? { a, b, kind } : { a: b, b: a, kind }));
    return tx.query(sql.PUT_DECISIONS, [tenantId, id, new Date(this.clock.now()), JSON.stringify(rows)]);
  }

  /** Commits with its audit entry; nobody works out this person's tasks meanwhile. */
  private change<T>(
    person: DirectoryPerson,
    by: By,
    operation: string,
    detail: Record<string, unknown>,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    return this.database.tenant(person.tenantId, async (tx) => {
      await tx.query(sql.LOCK_BOOK, [person.tenantId, person.id]);
      const result = await work(tx);
      const entry = adminEntry(by.principal, by.requestId, operation, detail);
      await this.audit.appendWithin(tx, { ...entry, actionType: 'tool_invocation' });
      return result;
    });
  }
}

async function find(tx: Transaction, person: DirectoryPerson, id: string): Promise<sql.TaskRow> {
  const [row]: sql.TaskRow[] = await tx.query(sql.FIND_TASK, [id, person.id]);
  if (!row) throw new Problem('not_found', `You have no task "${id}".`);
  return row;
}

function requireItems({ id, items }: sql.TaskRow): void {
  if (items.length === 0) throw new Problem('conflict', `Nothing is left of task "${id}" in the systems.`);
}

/** An item of a task by `system:id`, or by its id alone where no other item of the task has the same. */
function keyOf(given: string, items: readonly string[]): string | undefined {
  if (items.includes(given)) return given;
  const [only, ...more] = items.filter((key) => key.slice(key.indexOf(':') + 1) === given);
  return more.length === 0 ? only : undefined;
}

function chain(keys: readonly string[]): (readonly [string, string])[] {
  return keys.slice(1).map((key, i) => [keys[i]!, key] as const);
}

function toView(row: sql.TaskRow): TaskView {
  const [relation] = row.details.related;
  return {
    id: row.id,
    status: row.state,
    title: row.title,
    score: row.score,
    scoreParts: row.score_parts,
    reasons: row.details.reasons,
    sources: row.details.sources,
    workItemIds: row.details.sources.map(({ system, id }) => `${system}:${id}`),
    ...(row.deadline === null ? {} : { deadline: row.deadline }),
    classification: row.classification,
    discoveredAt: row.discovered_at.toISOString(),
    ...(row.completed_at === null ? {} : { completedAt: row.completed_at.toISOString() }),
    ...(relation ? { relation } : {}),
  };
}

function encodeCursor({ score, ends_at, created_at, id }: sql.TaskRow): string {
  const ends = ends_at instanceof Date ? ends_at.toISOString() : 'infinity';
  return Buffer.from(JSON.stringify([score, ends, created_at, id])).toString('base64url');
}

const PLACE = z.tuple([
  z.number().int().min(0).max(100),
  z.iso.datetime().or(z.literal('infinity')),
  z.string().max(200),
  TASK_ID,
]);

function decodeCursor(cursor: string) {
  try {
    const [score, ends, createdAt, id] = PLACE.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { score, ends, createdAt, id };
  } catch {
    throw invalid('cursor', 'is not a cursor of this list; take it from nextCursor');
  }
}
