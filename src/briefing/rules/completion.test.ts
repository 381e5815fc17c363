import type { WorkItem } from '#connectors';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { completion, isWork } from './completion.ts';
import { workItem } from './items.fixture.ts';
import {
  advance,
  leavesAt,
  LONGEST_RETENTION,
  mayBecome,
  retentionUnder,
  TASK_STATES,
  type TaskLife,
} from './states.ts';

const closed = { at: '2026-11-20T10:00:00Z', how: 'closed' as const };
const merged = { at: '2026-11-21T10:00:00Z', how: 'merged' as const };
const issue = (done: WorkItem['done'] = null) => workItem({ done });
const change = (done: WorkItem['done'] = null) =>
  workItem({ system: 'github', kind: 'pull_request', id: 'a/b#1', done });
const notice = workItem({ system: 'gmail', kind: 'mail', id: 'm', reasons: ['unread'] });
const OPEN = { done: false, at: null, how: null };

describe('completion', () => {
  it('is reached when all that asks for something is done, with the last of it', () => {
    expect(completion([issue(), change(merged)])).toEqual(OPEN);
    expect(completion([issue(closed), change(merged)])).toEqual({ done: true, ...merged });
  });
  it('does not wait for a mail that is merely unread beside weightier things, but for one that was asked about', () => {
    expect(completion([issue(closed), notice]).done).toBe(true);
    expect(completion([issue(closed), { ...notice, reasons: ['unread', 'follow_up'] }])).toEqual(OPEN);
    expect(completion([notice])).toEqual(OPEN);
  });
  it('passes over what is only known', () => {
    expect(completion([issue(closed), workItem({ kind: 'meeting', reasons: [] })]).done).toBe(true);
    expect(completion([workItem({ reasons: [] })])).toEqual(OPEN);
    expect(isWork([workItem({ reasons: [] })])).toBe(false);
  });
  it('obeys the person, both ways', () => {
    const at = '2026-11-25T10:00:00Z';
    expect(completion([issue()], { done: true, at })).toEqual({ done: true, at, how: 'person' });
    expect(completion([issue(closed)], { done: false, at })).toEqual(OPEN);
  });
});

describe('the life of a task', () => {
  const life: TaskLife = {
    state: 'active',
    discoveredAt: '2026-01-01T00:00:00.000Z',
    completedAt: null,
    archivedAt: null,
  };
  const done = { done: true, at: '2026-01-10T00:00:00.000Z', how: 'closed' as const };
  const on = (date: string) => Date.parse(`${date}T00:00:00Z`);

  it('completes, is archived 30 days later and purged 90 days after that', () => {
    expect(advance(life, done, on('2026-01-11'), LONGEST_RETENTION)).toMatchObject({
      state: 'completed',
      completedAt: done.at,
    });
    expect(advance(life, done, on('2026-02-09'), LONGEST_RETENTION)).toMatchObject({
      state: 'archived',
      archivedAt: '2026-02-09T00:00:00.000Z',
    });
    expect(advance(life, done, on('2026-05-10'), LONGEST_RETENTION).state).toBe('purged');
  });
  it('is archived without being done 90 days after discovery', () => {
    expect(advance(life, OPEN_COMPLETION, on('2026-03-31'), LONGEST_RETENTION).state).toBe('active');
    expect(advance(life, OPEN_COMPLETION, on('2026-04-01'), LONGEST_RETENTION).state).toBe('archived');
  });
  it('comes back while it is completed, not when it is archived', () => {
    const completed = advance(life, done, on('2026-01-11'), LONGEST_RETENTION);
    expect(advance(completed, OPEN_COMPLETION, on('2026-01-12'), LONGEST_RETENTION)).toEqual(life);
    const archived = advance(life, done, on('2026-02-10'), LONGEST_RETENTION);
    expect(advance(archived, OPEN_COMPLETION, on('2026-02-11'), LONGEST_RETENTION)).toEqual(archived);
  });
  it('is shortened by policy and never lengthened', () => {
    expect(retentionUnder({ active_days: 10, archive_after_days: 400, purge_after_archive_days: -1 })).toEqual({
      active_days: 10,
      archive_after_days: 30,
      purge_after_archive_days: 90,
    });
    expect(retentionUnder(null)).toEqual(LONGEST_RETENTION);
    expect(leavesAt(life, retentionUnder({ active_days: 10 }))).toBe(on('2026-01-11'));
  });
  it('takes only allowed steps, and comes to the same end in one go as day by day', () => {
    const days = fc.array(fc.boolean(), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(
        days,
        fc.nat(90),
        fc.nat(30),
        fc.nat(90),
        (doneOn, active_days, archive_after_days, purge_after_archive_days) => {
          const retention = { active_days, archive_after_days, purge_after_archive_days };
          let now: TaskLife = life;
          doneOn.forEach((isDone, day) => {
            const time = on('2026-01-01') + day * 86_400_000;
            const next = advance(
              now,
              isDone ? { ...done, at: new Date(time).toISOString() } : OPEN_COMPLETION,
              time,
              retention,
            );
            expect(
              TASK_STATES.indexOf(next.state) >= TASK_STATES.indexOf(now.state) || mayBecome(now.state, next.state),
            ).toBe(true);
            now = next;
          });
        },
      ),
    );
  });
});

const OPEN_COMPLETION = { done: false, at: null, how: null } as const;
