import type { WorkItem, WorkReason } from '#connectors';
import { DateTime } from 'luxon';
import { dayOf, deadlineOf, type ScoreParts, weekdayOf } from '../rules/index.ts';

const WORDS: Readonly<Record<WorkReason, string>> = {
  review_requested: 'your review is asked for',
  changes_requested: 'changes are asked for',
  assigned: 'assigned to you',
  mentioned: 'you are mentioned',
  shared_for_review: 'shared with you for review',
  commented: 'there are comments for you',
  follow_up: 'an answer is due',
  flagged: 'you flagged it',
  prepare: 'needs preparation',
  watched: 'you watch it',
  unread: 'unread',
};
const ORDER = Object.keys(WORDS) as WorkReason[];
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MOST = 5;

/**
 * Why a task is in the list and where it stands, in plain words, the weightiest first: `due today`, `2 people wait for it`.
 * @param now milliseconds since 1970
 */
export function whyOf(
  items: readonly WorkItem[],
  { scoreParts, deadline }: { readonly scoreParts: ScoreParts; readonly deadline: string | null },
  now: number,
  zone: string,
): string[] {
  const open = items.filter((item) => item.done === null);
  const words: string[] = [];
  const due = deadline === null ? null : dueWords(deadline, now, zone);
  if (due) words.push(due);
  const waiting = Math.max(0, ...open.map(({ blocks }) => blocks));
  if (waiting > 0) words.push(waiting === 1 ? 'somebody waits for it' : `${waiting} people wait for it`);
  const sla = open.find((item) => item.sla !== null)?.sla;
  if (sla && scoreParts.sla > 0) words.push(Date.parse(sla.until) <= now ? 'its SLA is broken' : 'its SLA is running');
  const asked = Math.max(0, ...open.map(({ followUps }) => followUps));
  if (asked > 0) words.push(asked === 1 ? 'asked once more' : `asked ${asked} times more`);
  if (scoreParts.seniority >= 10) words.push('asked for from high up');
  else if (scoreParts.seniority >= 5) words.push('asked for by your manager');
  const reasons = new Set(open.flatMap((item) => item.reasons));
  for (const reason of ORDER) if (reasons.has(reason)) words.push(WORDS[reason]);
  return words.slice(0, MOST);
}

function dueWords(text: string, now: number, zone: string): string | null {
  const deadline = deadlineOf(text, zone);
  if (deadline === null) return null;
  const days = deadline.day - dayOf(now, zone);
  if (days < 0) return days === -1 ? 'was due yesterday' : `${-days} days overdue`;
  if (days === 0) {
    const isOver = !deadline.isDate && deadline.ends < now;
    return isOver ? `was due at ${DateTime.fromMillis(deadline.ends, { zone }).toFormat('HH:mm')}` : 'due today';
  }
  if (days === 1) return 'due tomorrow';
  return days < 7 ? `due on ${WEEKDAYS[weekdayOf(deadline.day)]}` : null;
}
