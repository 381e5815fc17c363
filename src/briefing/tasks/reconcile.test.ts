import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { WorkItem } from '#connectors';
import { workItem } from '../rules/items.fixture.ts';
import { itemKey, LONGEST_RETENTION } from '../rules/index.ts';
import { type KnownTask, reconcile, type Reconciled } from './reconcile.ts';

const NOW = Date.parse('2026-11-25T08:00:00Z');
const DAY = 86_400_000;
const item = (id: string, fields: Partial<WorkItem> = {}) => workItem({ id, ...fields });

function ids() {
  let n = 0;
  return () => `new-${++n}`;
}
const run = (known: readonly KnownTask[], groups: readonly (readonly WorkItem[])[], now = NOW, newId = ids()) =>
  reconcile(known, groups, now, LONGEST_RETENTION, newId);
const known = (id: string, items: readonly string[], fields: Partial<KnownTask> = {}): KnownTask => ({
  id,
  items: items.map((one) => `jira:${one}`),
  word: null,
  life: { state: 'active', discoveredAt: '2026-11-20T08:00:00.000Z', completedAt: null, archivedAt: null },
  ...fields,
});
const again = ({ tasks }: Reconciled): KnownTask[] =>
  tasks.map(({ id, life, word, items }) => ({ id, life, word, items: items.map(itemKey) }));
const summary = ({ tasks }: Reconciled) =>
  tasks.map(({ id, life, items }) => [id, life.state, ...items.map((one) => one.id)]);

describe('what goes on as what', () => {
  test('new work is a new task, and nothing that asks for nothing becomes one', () => {
    expect(summary(run([], [[item('A'), item('B')], [item('C', { reasons: [] })]]))).toEqual([
      ['new-1', 'discovered', 'A', 'B'],
    ]);
  });

  test('a task keeps its id while items come and go', () => {
    expect(summary(run([known('t', ['A', 'B'])], [[item('B'), item('C')]]))).toEqual([['t', 'active', 'B', 'C']]);
  });

  test('of two tasks that become one, that with more items goes on, and the older one where they have as many', () => {
    const older = known('older', ['A'], { life: { ...known('x', []).life, discoveredAt: '2026-11-01T08:00:00.000Z' } });
    expect(run([known('younger', ['B']), older], [[item('A'), item('B')]])).toMatchObject({
      tasks: [{ id: 'older' }],
      removed: ['younger'],
    });
    expect(run([known('larger', ['B', 'C']), older], [[item('A'), item('B'), item('C')]])).toMatchObject({
      tasks: [{ id: 'larger' }],
      removed: ['older'],
    });
  });

  test('of a task that falls apart, the larger part goes on and the other is new', () => {
    expect(summary(run([known('t', ['A', 'B', 'C'])], [[item('A')], [item('B'), item('C')]]))).toEqual([
      ['new-1', 'discovered', 'A'],
      ['t', 'active', 'B', 'C'],
    ]);
  });
});

describe('the life of a task', () => {
  const done = { at: '2026-11-24T10:00:00.000Z', how: 'closed' } as const;

  test('it is done when its work is, and open again when the work is', () => {
    const completed = run([known('t', ['A'])], [[item('A', { done })]]);
    expect(completed.tasks[0]!.life).toMatchObject({ state: 'completed', completedAt: done.at });
    expect(run(again(completed), [[item('A')]]).tasks[0]!.life).toMatchObject({ state: 'active', completedAt: null });
  });

  test('mail that was read and asks for nothing more is done', () => {
    const read = item('A', { system: 'gmail', kind: 'mail', reasons: [] });
    const before = { ...known('t', []), items: ['gmail:A'] };
    expect(run([before], [[read]]).tasks[0]!.life.state).toBe('completed');
  });

  test('it ends when nothing of it is left in the systems', () => {
    expect(summary(run([known('t', ['A'])], []))).toEqual([['t', 'completed']]);
  });

  test('the word of the person outranks what is seen, in both ways', () => {
    const word = { done: true, at: '2026-11-24T12:00:00.000Z' };
    expect(run([known('t', ['A'], { word })], [[item('A')]]).tasks[0]!.life.state).toBe('completed');
    const open = { done: false, at: word.at };
    expect(run([known('t', ['A'], { word: open })], [[item('A', { done })]]).tasks[0]!.life.state).toBe('active');
  });

  test('"done" lapses when open work joins the task, "not done" when its work is done afterwards', () => {
    const word = { done: true, at: '2026-11-24T12:00:00.000Z' };
    const joined = run([known('t', ['A'], { word })], [[item('A'), item('B')]]).tasks[0]!;
    expect([joined.id, joined.life.state, joined.word]).toEqual(['t', 'active', null]);
    const later = { at: '2026-11-25T07:00:00.000Z', how: 'closed' } as const;
    const reopened = known('t', ['A'], { word: { ...word, done: false } });
    expect(run([reopened], [[item('A', { done: later })]]).tasks[0]!.life.state).toBe('completed');
  });

  test('an archived task keeps its work until something happens in it, however open that is', () => {
    const life = { state: 'archived', discoveredAt: '2026-08-01T08:00:00.000Z', completedAt: null } as const;
    const archived = known('old', ['A'], { life: { ...life, archivedAt: '2026-11-10T08:00:00.000Z' } });
    const quiet = item('A', { updatedAt: '2026-11-09T08:00:00.000Z' });
    expect(summary(run([archived], [[quiet]]))).toEqual([['old', 'archived', 'A']]);
  });

  test('an archived task does not come back: what asks again is new work, and the old task stays until it is purged', () => {
    const life = { state: 'archived', discoveredAt: '2026-10-01T08:00:00.000Z', completedAt: null } as const;
    const archived = known('old', ['A'], { life: { ...life, archivedAt: '2026-11-10T08:00:00.000Z' } });
    expect(summary(run([archived], [[item('A')]]))).toEqual([
      ['new-1', 'discovered', 'A'],
      ['old', 'archived'],
    ]);
    expect(run([archived], [[item('A')]], NOW + 90 * DAY).removed).toContain('old');
  });

  test('work that was done long ago is no task', () => {
    const long = { at: '2026-01-01T08:00:00.000Z', how: 'closed' } as const;
    expect(run([], [[item('A', { done: long })]]).tasks).toEqual([]);
  });
});

test('whatever comes: each item is in one task at most, ids are distinct, and the same look again changes nothing', () => {
  const group = fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { maxLength: 5 });
  const looks = fc.array(fc.array(group, { maxLength: 6 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(looks, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (all, isDone) => {
      let tasks: KnownTask[] = [];
      const newId = ids();
      for (const [n, look] of all.entries()) {
        const seen = new Set<number>();
        const groups = look
          .map((members) => members.filter((one) => !seen.has(one) && seen.add(one)))
          .filter((members) => members.length > 0)
          .map((members) =>
            members.map((one) =>
              item(`I${one}`, isDone[one] ? { done: { at: '2026-11-24T10:00:00.000Z', how: 'closed' } } : {}),
            ),
          );
        const now = NOW + n * DAY;
        const result = run(tasks, groups, now, newId);
        const keys = result.tasks.flatMap(({ items }) => items.map(itemKey));
        expect(new Set(keys).size).toBe(keys.length);
        expect(new Set(result.tasks.map(({ id }) => id)).size).toBe(result.tasks.length);
        expect(result.tasks.some(({ id }) => result.removed.includes(id))).toBe(false);
        tasks = again(result);
        const repeated = run(tasks, groups, now, newId);
        expect(again(repeated)).toEqual(tasks);
        expect(repeated.removed).toEqual([]);
      }
    }),
  );
});

describe('what was purged', () => {
  const archivedAt = '2026-08-01T08:00:00.000Z';
  const life = { state: 'archived' as const, discoveredAt: '2026-05-01T08:00:00.000Z', completedAt: null, archivedAt };
  const old = item('A', { updatedAt: '2026-07-01T08:00:00Z' });
  const first = run([known('t', ['A'], { life })], [[old, item('D', { reasons: [] })]]);
  const next = (groups: readonly (readonly WorkItem[])[]) =>
    reconcile([], groups, NOW, LONGEST_RETENTION, ids(), first.purged);

  test('is remembered by its open items', () => {
    expect([first.tasks, first.removed, [...first.purged]]).toEqual([[], ['t'], [['jira:A', archivedAt]]]);
  });

  test('is no new work while nothing happens in it', () => {
    expect(next([[old]]).tasks).toEqual([]);
    expect([...next([[old]]).purged]).toEqual([...first.purged]);
  });

  test('is new work when something happens in it, or other work joins it, and then is forgotten', () => {
    const changed = { ...old, updatedAt: '2026-11-24T08:00:00Z' };
    for (const group of [[changed], [old, item('B')]]) {
      expect(summary(next([group]))).toEqual([['new-1', 'discovered', ...group.map(({ id }) => id)]]);
      expect([...next([group]).purged]).toEqual([]);
    }
  });
});
