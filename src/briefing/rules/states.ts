import type { Completion } from './completion.ts';

export const TASK_STATES = ['discovered', 'active', 'completed', 'archived', 'purged'] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** Days, as in the `data` policy's `retention`. Source: DOMAIN rules, section 4, "States". */
export interface Retention {
  readonly active_days: number;
  readonly archive_after_days: number;
  readonly purge_after_archive_days: number;
}

export const LONGEST_RETENTION: Retention = { active_days: 90, archive_after_days: 30, purge_after_archive_days: 90 };

/** Where a task is in its life. All times ISO 8601. */
export interface TaskLife {
  readonly state: TaskState;
  readonly discoveredAt: string;
  readonly completedAt: string | null;
  readonly archivedAt: string | null;
}

const DAY = 86_400_000;

/**
 * Where each state may go. A task may be done before anybody saw it, come back while it is only completed, and be archived
 * without being done when its active days are over. Archived and purged do not come back: new work is a new task.
 */
const NEXT: Readonly<Record<TaskState, readonly TaskState[]>> = {
  discovered: ['active', 'completed', 'archived'],
  active: ['completed', 'archived'],
  completed: ['active', 'archived'],
  archived: ['purged'],
  purged: [],
};

export function mayBecome(from: TaskState, to: TaskState): boolean {
  return NEXT[from].includes(to);
}

/** What policy says, never longer than the product's own numbers; what is no number of days from 0 on does not count. */
export function retentionUnder(policy: Partial<Retention> | null | undefined): Retention {
  const shorter = (name: keyof Retention) => {
    const days = policy?.[name];
    return typeof days === 'number' && days >= 0 ? Math.min(days, LONGEST_RETENTION[name]) : LONGEST_RETENTION[name];
  };
  return {
    active_days: shorter('active_days'),
    archive_after_days: shorter('archive_after_days'),
    purge_after_archive_days: shorter('purge_after_archive_days'),
  };
}

/** When a task leaves its state by age alone, in milliseconds since 1970; null where age moves nothing. */
export function leavesAt(life: TaskLife, retention: Retention): number | null {
  switch (life.state) {
    case 'discovered':
    case 'active':
      return Date.parse(life.discoveredAt) + retention.active_days * DAY;
    case 'completed':
      return Date.parse(life.completedAt ?? life.discoveredAt) + retention.archive_after_days * DAY;
    case 'archived':
      return Date.parse(life.archivedAt ?? life.discoveredAt) + retention.purge_after_archive_days * DAY;
    case 'purged':
      return null;
    default:
      return life.state satisfies never;
  }
}

/**
 * The life of a task after what is known at `now`: completion first, then age, as many steps as are due, each at the time when it
 * was due, so that a clean-up that comes late purges no later. A discovered task becomes active when a briefing shows it, which
 * is the caller's to say.
 * @param now milliseconds since 1970
 */
export function advance(life: TaskLife, done: Completion, now: number, retention: Retention): TaskLife {
  let next = settle(life, done);
  for (;;) {
    const due = leavesAt(next, retention);
    if (due === null || Number.isNaN(due) || due > now) return next;
    next =
      next.state === 'archived'
        ? { ...next, state: 'purged' }
        : { ...next, state: 'archived', archivedAt: new Date(due).toISOString() };
  }
}

function settle(life: TaskLife, done: Completion): TaskLife {
  if (done.done && mayBecome(life.state, 'completed')) return { ...life, state: 'completed', completedAt: done.at };
  if (!done.done && life.state === 'completed') return { ...life, state: 'active', completedAt: null };
  return life;
}
