import type { WorkItem } from '#connectors';
import {
  advance,
  type Completion,
  completion,
  isWork,
  itemKey,
  type PersonsWord,
  type Retention,
  type TaskLife,
} from '../rules/index.ts';

/** A task as it was, with what it was made of. */
export interface KnownTask {
  readonly id: string;
  readonly life: TaskLife;
  readonly word: PersonsWord | null;
  /** Keys of its items. */
  readonly items: readonly string[];
}

/** A task as it is now. */
export interface FoundTask {
  readonly id: string;
  readonly life: TaskLife;
  readonly word: PersonsWord | null;
  readonly items: readonly WorkItem[];
}

export interface Reconciled {
  readonly tasks: readonly FoundTask[];
  /** Ids of tasks that are no more: joined into others, or purged by age. */
  readonly removed: readonly string[];
  /** The open items of tasks that were purged, with when those were archived (ISO 8601). */
  readonly purged: PurgedItems;
}

/** By item key: when the task of the item was archived, in ISO 8601. */
export type PurgedItems = ReadonlyMap<string, string>;

/**
 * Carries tasks over from one look at the systems to the next, so that a task keeps its id, its age and what its person said
 * of it while items come and go. A group goes on as the task with which it shares most items, the older one where two share as
 * many; what two groups share goes on in one of them, and the other is new work. Cost n log n.
 *
 * @param groups all items of the person, each in one group
 * @param purged as the last look has returned it: such an item is no new work until something happens in it
 * @param now milliseconds since 1970
 */
export function reconcile(
  known: readonly KnownTask[],
  groups: readonly (readonly WorkItem[])[],
  now: number,
  retention: Retention,
  newId: () => string,
  purged: PurgedItems = new Map(),
): Reconciled {
  const successorOf = match(known, groups, (task, items) => mayGoOn(task, items));
  const tasks: FoundTask[] = [];
  const removed: string[] = [];
  const held = new Set<string>();
  const left = new Map(purged);
  const keep = (task: FoundTask, isNew: boolean) => {
    if (task.life.state !== 'purged') {
      if (isNew && task.life.state === 'archived') return;
      tasks.push(task);
      for (const item of task.items) held.add(itemKey(item));
    } else if (!isNew) {
      removed.push(task.id);
      const archivedAt = task.life.archivedAt ?? task.life.discoveredAt;
      for (const item of task.items) if (asks(item)) left.set(itemKey(item), archivedAt);
    }
  };
  groups.forEach((items, at) => {
    const before = successorOf.get(at);
    if (!before && (!isWork(items) || isPast(items, purged))) return;
    const life: TaskLife = before?.life ?? {
      state: 'discovered',
      discoveredAt: new Date(now).toISOString(),
      completedAt: null,
      archivedAt: null,
    };
    const word = before ? standingWord(before, items) : null;
    const next = advance(life, doneOf(items, word), now, retention);
    keep({ id: before?.id ?? newId(), life: next, word, items }, !before);
  });
  const goesOn = new Set([...successorOf.values()].map(({ id }) => id));
  for (const task of known) {
    if (goesOn.has(task.id)) continue;
    const isClosed = task.life.state === 'archived';
    if (!isClosed && task.items.some((key) => held.has(key))) {
      removed.push(task.id);
      continue;
    }
    // Nothing of it is left in the systems.
    const gone: Completion = { done: true, at: new Date(now).toISOString(), how: 'deleted' };
    keep({ id: task.id, life: advance(task.life, gone, now, retention), word: task.word, items: [] }, false);
  }
  for (const key of held) left.delete(key);
  return { tasks, removed, purged: left };
}

/**
 * What is archived does not come back: if it asks for something again, that is new work. What has asked all the time stays with
 * it, out of sight.
 */
function mayGoOn(task: KnownTask, items: readonly WorkItem[]): boolean {
  if (task.life.state !== 'archived') return true;
  const archivedAt = Date.parse(task.life.archivedAt ?? task.life.discoveredAt);
  const own = new Set(task.items);
  const isNews = (item: WorkItem) => !own.has(itemKey(item)) || Date.parse(item.updatedAt) > archivedAt;
  return doneOf(items, task.word).done || !items.some((item) => asks(item) && isNews(item));
}

/** Whether all that is asked for in these items was asked for by tasks that have been purged since. */
function isPast(items: readonly WorkItem[], purged: PurgedItems): boolean {
  const asking = items.filter(asks);
  const isOld = (item: WorkItem) => Date.parse(item.updatedAt) <= Date.parse(purged.get(itemKey(item)) ?? '');
  return asking.length > 0 && asking.every(isOld);
}

/**
 * What is left of the person's word: "done" lapses when open work joins the task, "not done" when work of it is done afterwards,
 * so that no word of yesterday hides the news of today.
 */
function standingWord({ word, items: keys }: KnownTask, items: readonly WorkItem[]): PersonsWord | null {
  if (word === null) return null;
  const own = new Set(keys);
  const at = Date.parse(word.at);
  const lapsed = word.done
    ? items.some((item) => asks(item) && !own.has(itemKey(item)))
    : items.some(({ done }) => done !== null && Date.parse(done.at) > at);
  return lapsed ? null : word;
}

function asks({ done, reasons }: WorkItem): boolean {
  return done === null && reasons.length > 0;
}

/** Work that no longer asks for anything (a mail that was read) is done as well. */
function doneOf(items: readonly WorkItem[], word: PersonsWord | null): Completion {
  const seen = completion(items, word);
  if (seen.done || word !== null || isWork(items)) return seen;
  const last = items.reduce((latest, { updatedAt }) => (updatedAt > latest ? updatedAt : latest), '');
  return { done: true, at: last || null, how: 'read' };
}

function match(
  known: readonly KnownTask[],
  groups: readonly (readonly WorkItem[])[],
  mayFollow: (task: KnownTask, items: readonly WorkItem[]) => boolean,
): Map<number, KnownTask> {
  const taskOf = new Map(known.flatMap((task) => task.items.map((key) => [key, task] as const)));
  const shared: { group: number; task: KnownTask; n: number }[] = [];
  groups.forEach((items, group) => {
    const counts = new Map<KnownTask, number>();
    for (const item of items) {
      const task = taskOf.get(itemKey(item));
      if (task) counts.set(task, (counts.get(task) ?? 0) + 1);
    }
    for (const [task, n] of counts) if (mayFollow(task, items)) shared.push({ group, task, n });
  });
  shared.sort(
    (x, y) =>
      y.n - x.n ||
      compare(x.task.life.discoveredAt, y.task.life.discoveredAt) ||
      compare(x.task.id, y.task.id) ||
      x.group - y.group,
  );
  const successorOf = new Map<number, KnownTask>();
  const taken = new Set<string>();
  for (const { group, task } of shared) {
    if (successorOf.has(group) || taken.has(task.id)) continue;
    successorOf.set(group, task);
    taken.add(task.id);
  }
  return successorOf;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
