import { createHash } from 'node:crypto';
import { IdSource } from '#audit';
import { ConnectedWork, type WorkItem } from '#connectors';
import type { DirectoryPerson } from '#identity';
import { highest } from '#libs/classification';
import { Clock } from '#libs/clock';
import { Database, type Transaction } from '#libs/database';
import { DataRules } from '#policy';
import { Injectable } from '@nestjs/common';
import * as sql from '../briefing.sql.ts';
import { correlate, itemKey, rank, retentionUnder, type ScoreParts } from '../rules/index.ts';
import { DirectoryChain } from './directory-chain.ts';
import { type FoundTask, type KnownTask, type PurgedItems, reconcile } from './reconcile.ts';
import { titleOf } from './title.ts';
import { whyOf } from './why.ts';

/** A task with its items, scored. */
export interface Task extends FoundTask {
  readonly title: string;
  readonly score: number;
  readonly scoreParts: ScoreParts;
  readonly deadline: string | null;
  /** Milliseconds since 1970; infinity without a deadline. */
  readonly ends: number;
  readonly createdAt: string;
  readonly details: sql.TaskDetails;
}

/** Of the open tasks, the highest score first, those that are shown. */
export type Shown = (open: readonly Task[]) => readonly Task[];

const NOTHING: Shown = () => [];
const NO_PARTS: ScoreParts = { deadline: 0, seniority: 0, followUps: 0, sla: 0, blocking: 0 };

/** Makes a person's tasks out of what is known of their work, and keeps them from one look to the next. */
@Injectable()
export class TaskBook {
  constructor(
    private readonly work: ConnectedWork,
    private readonly chain: DirectoryChain,
    private readonly rules: DataRules,
    private readonly ids: IdSource,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Brings a person's tasks up to date and returns those that are open, the highest score first, with every item of the
   * person. Two processes at once take turns; what was worked out before from the same items is not worked out again.
   * @param shown which of them the person is about to see: what was discovered is then active
   */
  async refresh(person: DirectoryPerson, shown: Shown = NOTHING): Promise<{ open: Task[]; items: WorkItem[] }> {
    const { tenantId, id: userId } = person;
    const [seniorityOf, rules] = await Promise.all([this.chain.seniorityFor(tenantId, userId), this.rules.for(person)]);
    const retention = retentionUnder(rules.retention);
    return this.database.tenant(tenantId, async (tx) => {
      const [book]: { fingerprint: string }[] = await tx.query(sql.LOCK_BOOK, [tenantId, userId]);
      // Read under the lock: whoever waited for it must not take away what the one before has found.
      const items = await this.work.itemsWithin(tx, userId, rules.label);
      const now = this.clock.now();
      const known: sql.TaskRow[] = await tx.query(sql.TASKS_OF_PERSON, [userId]);
      const decisions: sql.DecisionRow[] = await tx.query(sql.DECISIONS, [userId]);
      const purged: sql.PurgedRow[] = await tx.query(sql.PURGED_ITEMS, [userId]);
      const fingerprint = fingerprintOf(items, decisions);
      const isSame = book?.fingerprint === fingerprint;
      const groups = isSame ? groupsAsBefore(items, known) : groupsAnew(items, decisions);
      const marks = new Map(purged.map((row) => [row.item, row.archived_at.toISOString()]));
      const found = reconcile(known.map(toKnown), groups.groups, now, retention, () => this.ids.next(), marks);
      const { tasks, removed } = found;
      const context = { now, zone: person.timeZone, seniorityOf };
      const scored = this.scored(tasks, known, groups.related, context, shown);
      await this.store(tx, person, known, scored, removed, isSame ? undefined : items);
      await this.remember(tx, person, marks, found.purged, items);
      await tx.query(sql.NOTE_BOOK, [userId, fingerprint, new Date(now)]);
      return { open: scored.filter(({ life }) => isOpen(life.state)), items };
    });
  }

  /** As {@link refresh}, unless that was done within the last `maxAgeMs` milliseconds. */
  async refreshIfOld(person: DirectoryPerson, maxAgeMs: number): Promise<void> {
    const [book]: { refreshed_at: Date | null }[] = await this.database.tenant(person.tenantId, (tx) =>
      tx.query(sql.BOOK_AGE, [person.id]),
    );
    if (book?.refreshed_at && this.clock.now() - book.refreshed_at.getTime() < maxAgeMs) return;
    await this.refresh(person);
  }

  private scored(
    tasks: readonly FoundTask[],
    known: readonly sql.TaskRow[],
    related: ReadonlyMap<string, readonly Related[]> | undefined,
    context: { now: number; zone: string; seniorityOf: (email: string) => number },
    shown: Shown,
  ): Task[] {
    const before = new Map(known.map((row) => [row.id, row]));
    const taskOf = new Map(tasks.flatMap(({ id, items }) => items.map((item) => [itemKey(item), id] as const)));
    const open = rank(
      tasks.filter(({ life }) => isOpen(life.state)),
      context,
    ).map((task): Task => {
      const details: sql.TaskDetails = {
        sources: task.items.map(({ system, id, url }) => ({ system, id, url })),
        reasons: whyOf(task.items, task, context.now, context.zone),
        related: related ? relatedTasks(task, related, taskOf) : (before.get(task.id)?.details.related ?? []),
      };
      return { ...task, title: titleOf(task.items), details };
    });
    const seen = new Set(shown(open).map(({ id }) => id));
    const activated = open.map((task): Task =>
      task.life.state === 'discovered' && seen.has(task.id)
        ? { ...task, life: { ...task.life, state: 'active' } }
        : task,
    );
    const closed = tasks
      .filter(({ life }) => !isOpen(life.state))
      .map((task): Task => {
        const row = before.get(task.id);
        const sources = task.items.map(({ system, id, url }) => ({ system, id, url }));
        return {
          ...task,
          title: task.items.length > 0 ? titleOf(task.items) : (row?.title ?? '(no title)'),
          score: 0,
          scoreParts: NO_PARTS,
          deadline: null,
          ends: Infinity,
          createdAt: row?.created_at ?? task.items.reduce(earliest, task.life.discoveredAt),
          details: { sources: sources.length > 0 ? sources : (row?.details.sources ?? []), reasons: [], related: [] },
        };
      });
    return [...activated, ...closed];
  }

  /** What of purged tasks is still open, as long as it is there. */
  private async remember(
    tx: Transaction,
    { tenantId, id }: DirectoryPerson,
    before: PurgedItems,
    found: PurgedItems,
    items: readonly WorkItem[],
  ): Promise<void> {
    if (before.size + found.size === 0) return;
    const there = new Set(items.map(itemKey));
    const rows = [...found].filter(([item]) => there.has(item)).map(([item, archived_at]) => ({ item, archived_at }));
    const isSame = rows.length === before.size && rows.every((row) => before.get(row.item) === row.archived_at);
    if (!isSame) await tx.query(sql.SET_PURGED_ITEMS, [tenantId, id, JSON.stringify(rows)]);
  }

  /** Writes what has changed, and nothing where nothing has. */
  private async store(
    tx: Transaction,
    { tenantId, id: userId }: DirectoryPerson,
    known: readonly sql.TaskRow[],
    tasks: readonly Task[],
    removed: readonly string[],
    items: readonly WorkItem[] | undefined,
  ): Promise<void> {
    const before = new Map(known.map((row) => [row.id, JSON.stringify(comparable(row))]));
    const changed = tasks
      .map((task) => rowOf(task))
      .filter((row) => JSON.stringify(comparable(row)) !== before.get(row.id));
    if (changed.length > 0) await tx.query(sql.PUT_TASKS, [tenantId, userId, JSON.stringify(changed)]);
    if (items) {
      const places = tasks.flatMap(({ id, items: own }) =>
        own.map((item) => ({ system: item.system, external_id: item.id, task_id: id })),
      );
      if (places.length > 0) await tx.query(sql.PUT_TASK_ITEMS, [tenantId, userId, JSON.stringify(places)]);
      await tx.query(sql.FORGET_TASK_ITEMS, [userId, places.map((place) => `${place.system}:${place.external_id}`)]);
    }
    if (removed.length > 0) await tx.query(sql.DELETE_TASKS, [userId, removed]);
  }
}

interface Related {
  readonly other: string;
  readonly confidence: number;
}

export function isOpen(state: string): boolean {
  return state === 'discovered' || state === 'active';
}

function groupsAnew(items: readonly WorkItem[], decisions: readonly sql.DecisionRow[]) {
  const pairs = (kind: sql.DecisionRow['kind']) =>
    decisions.filter((row) => row.kind === kind).map(({ a, b }) => [a, b] as const);
  const { groups, related } = correlate(items, { merged: pairs('merged'), split: pairs('split') });
  const byItem = new Map<string, Related[]>();
  const note = (key: string, other: string, confidence: number) => {
    const list = byItem.get(key);
    if (list) list.push({ other, confidence });
    else byItem.set(key, [{ other, confidence }]);
  };
  for (const { a, b, confidence } of related) {
    note(a, b, confidence);
    note(b, a, confidence);
  }
  return { groups: groups.map((group) => group.items), related: byItem };
}

/** The same items under the same decisions make the same groups: those of the tasks that hold them. */
function groupsAsBefore(items: readonly WorkItem[], known: readonly sql.TaskRow[]) {
  const byKey = new Map(items.map((item) => [itemKey(item), item]));
  const groups = known.map(({ items: keys }) =>
    keys.map((key) => byKey.get(key)).filter((item): item is WorkItem => item !== undefined),
  );
  return { groups: groups.filter((group) => group.length > 0), related: undefined };
}

function relatedTasks(
  task: FoundTask,
  related: ReadonlyMap<string, readonly Related[]>,
  taskOf: ReadonlyMap<string, string>,
): sql.TaskDetails['related'] {
  const surest = new Map<string, number>();
  for (const item of task.items) {
    for (const { other, confidence } of related.get(itemKey(item)) ?? []) {
      const id = taskOf.get(other);
      if (id !== undefined && id !== task.id) surest.set(id, Math.max(surest.get(id) ?? 0, confidence));
    }
  }
  return [...surest]
    .map(([taskId, confidence]) => ({ taskId, confidence }))
    .sort((a, b) => b.confidence - a.confidence || (a.taskId < b.taskId ? -1 : 1))
    .slice(0, 10);
}

function fingerprintOf(items: readonly WorkItem[], decisions: readonly sql.DecisionRow[]): string {
  const hash = createHash('sha256');
  const words = decisions.map(({ a, b, kind }) => `${kind} ${a} ${b}`).sort();
  for (const item of [...items].sort((a, b) => (itemKey(a) < itemKey(b) ? -1 : 1))) hash.update(JSON.stringify(item));
  return hash.update(words.join('\n')).digest('base64url');
}

export function toKnown(row: sql.TaskRow): KnownTask {
  return {
    id: row.id,
    life: {
      state: row.state,
      discoveredAt: row.discovered_at.toISOString(),
      completedAt: row.completed_at?.toISOString() ?? null,
      archivedAt: row.archived_at?.toISOString() ?? null,
    },
    word: row.word_done === null ? null : { done: row.word_done, at: (row.word_at ?? row.discovered_at).toISOString() },
    items: row.items,
  };
}

type Stored = Omit<sql.TaskRow, 'user_id' | 'items' | 'ends_at'> & { ends_at: Date | number | 'infinity' };

function rowOf(task: Task): Stored {
  const { id, life, word, items, title, score, scoreParts, deadline, ends, createdAt, details } = task;
  const date = (text: string | null) => (text === null ? null : new Date(text));
  return {
    id,
    state: life.state as sql.TaskRow['state'],
    title,
    score,
    score_parts: scoreParts,
    deadline,
    ends_at: ends === Infinity ? 'infinity' : new Date(ends),
    created_at: createdAt,
    systems: [...new Set(details.sources.map(({ system }) => system))].sort(),
    blocking: scoreParts.blocking > 0,
    classification: highest(items.map((item) => item.classification)) ?? 'internal',
    details,
    word_done: word?.done ?? null,
    word_at: date(word?.at ?? null),
    discovered_at: new Date(life.discoveredAt),
    completed_at: date(life.completedAt),
    archived_at: date(life.archivedAt),
  };
}

/** What a row says, in one order of its fields and those of its parts. */
function comparable(row: Stored): unknown[] {
  const { deadline, seniority, followUps, sla, blocking } = row.score_parts;
  return [
    [row.state, row.title, row.score, deadline, seniority, followUps, sla, blocking, row.deadline, row.created_at],
    row.ends_at instanceof Date ? row.ends_at : null,
    [row.systems, row.classification, row.details.reasons, row.word_done, row.word_at, row.completed_at],
    row.details.sources.map(({ system, id, url }) => [system, id, url]),
    row.details.related.map(({ taskId, confidence }) => [taskId, confidence]),
    row.archived_at,
  ];
}

function earliest(first: string, { createdAt }: WorkItem): string {
  return createdAt < first ? createdAt : first;
}
