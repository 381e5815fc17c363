import type { WorkItem } from '#connectors';
import { dayOf, deadlineOf, weekdayOf } from './deadlines.ts';

/** Why a task stands where it stands: integers that add up to its score. Source: DOMAIN rules, section 4, "Score". */
export interface ScoreParts {
  /** 0–30: today or overdue 30, falling to 0 at 7 working days. */
  readonly deadline: number;
  /** 0–15: see `seniority.ts`. */
  readonly seniority: number;
  /** 0, 7, 14 or 20. */
  readonly followUps: number;
  /** 0–20: the more of the promised time is gone, the more; broken 20. */
  readonly sla: number;
  /** 0, 5, 10 or 15: five for each who waits. */
  readonly blocking: number;
}

export interface Score {
  /** 0–100. */
  readonly score: number;
  readonly scoreParts: ScoreParts;
}

/** What scoring needs of a task. */
export interface ScorableTask {
  readonly id: string;
  readonly items: readonly WorkItem[];
}

export interface ScoringContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** IANA zone of the person whose task it is. */
  readonly zone: string;
  /** Points of an asker, by e-mail address in lower case; what is outside 0–15 or no number is brought inside. */
  readonly seniorityOf: (email: string) => number;
}

export type ScoredTask<T extends ScorableTask = ScorableTask> = T &
  Score & {
    /** The earliest of its items' deadlines, as the item has it. */
    readonly deadline: string | null;
    /** When that ends, in milliseconds since 1970; infinity without one. */
    readonly ends: number;
    /** ISO 8601: when the first of its items came to be. */
    readonly createdAt: string;
  };

const NO_DEADLINE_DAYS = 7;
const FOLLOW_UPS = [0, 7, 14, 20] as const;

/**
 * The score of a task. Items that are done do not count; of the others the strongest counts in each part, never the sum, because
 * a mail and the issue it speaks of tell the same urgency twice.
 */
export function score(task: ScorableTask, context: ScoringContext): Score {
  const { now, seniorityOf } = context;
  const open = task.items.filter((item) => item.done === null);
  const strongest = (points: (item: WorkItem) => number) => Math.max(0, ...open.map(points));
  const scoreParts: ScoreParts = {
    deadline: strongest(({ deadline }) => (deadline === null ? 0 : deadlinePoints(deadline, context))),
    seniority: strongest(({ asker }) =>
      asker === null ? 0 : within(Math.round(seniorityOf(asker.toLowerCase())), 15),
    ),
    followUps: strongest(({ followUps }) => FOLLOW_UPS[within(Math.floor(followUps), 3)] ?? 0),
    sla: strongest(({ sla }) => slaPoints(sla, now)),
    blocking: strongest(({ blocks }) => 5 * within(Math.floor(blocks), 3)),
  };
  return { score: Object.values(scoreParts).reduce((sum: number, part: number) => sum + part, 0), scoreParts };
}

/** Tasks with their scores, the highest first; at equal scores the earlier deadline, then the older, then by id. Cost n log n. */
export function rank<T extends ScorableTask>(tasks: readonly T[], context: ScoringContext): ScoredTask<T>[] {
  return tasks
    .map((task) => {
      const { deadline, ends } = earliestDeadline(task.items, context.zone);
      return { ...task, ...score(task, context), deadline, createdAt: firstCreated(task.items), ends };
    })
    .sort(
      (a, b) =>
        b.score - a.score || compare(a.ends, b.ends) || compare(a.createdAt, b.createdAt) || compare(a.id, b.id),
    );
}

function earliestDeadline(items: readonly WorkItem[], zone: string) {
  let [deadline, ends]: [string | null, number] = [null, Infinity];
  for (const item of items) {
    if (item.done !== null || item.deadline === null) continue;
    const end = deadlineOf(item.deadline, zone)?.ends ?? Infinity;
    if (end < ends) [deadline, ends] = [item.deadline, end];
  }
  return { deadline, ends };
}

function deadlinePoints(text: string, { now, zone }: ScoringContext): number {
  const deadline = deadlineOf(text, zone);
  if (deadline === null) return 0;
  if (deadline.ends <= now) return 30;
  return Math.round(30 * (1 - workingDays(dayOf(now, zone), deadline.day) / NO_DEADLINE_DAYS));
}

/** Working days (Monday to Friday) after the day `from`, up to and with the day `to`; at most 7 are counted. */
function workingDays(from: number, to: number): number {
  let days = 0;
  for (let day = from + 1; day <= to && days < NO_DEADLINE_DAYS; day += 1) {
    const weekday = weekdayOf(day);
    if (weekday >= 1 && weekday <= 5) days += 1;
  }
  return days;
}

function slaPoints(sla: WorkItem['sla'], now: number): number {
  if (sla === null) return 0;
  const [from, until] = [Date.parse(sla.from), Date.parse(sla.until)];
  if (Number.isNaN(until)) return 0;
  if (now >= until) return 20;
  const left = until > from ? (until - now) / (until - from) : 1;
  return Math.round(20 * (1 - Math.min(1, left)));
}

function firstCreated(items: readonly WorkItem[]): string {
  return items.reduce((first, { createdAt }) => (first === '' || createdAt < first ? createdAt : first), '');
}

function within(value: number, most: number): number {
  return Number.isNaN(value) ? 0 : Math.max(0, Math.min(most, value));
}

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
