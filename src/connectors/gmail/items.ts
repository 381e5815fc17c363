import { CONNECTOR_DEFAULT, type Classification } from '#libs/classification';
import { deadlineIn, describe, mailName, urlName } from '../extract/index.ts';
import type { DoneState, WorkItem, WorkReason } from '../work-item.ts';
import type { SeenMessage } from './message.ts';
import { isOverdue, isOwn, type Owner, type Standing, unansweredFrom } from './standing.ts';

const MOST_NAMES = 50;
const MOST_PEOPLE = 20;
const PREFIX = /^(?:\s*(?:re|fwd?|aw|wg|antw|sv|vs|tr|rv)(?:\[\d{1,3}\])?\s*:)+\s*/i;

export interface ThreadItem {
  readonly item: WorkItem;
  /** Milliseconds since 1970: when it becomes work by nobody's doing anything. */
  readonly lookAgainAt: number | null;
}

/** One thread as a work item. Pure. @param now milliseconds since 1970 */
export function itemOf(standing: Standing, owner: Owner, now: number): ThreadItem {
  const { messages, since, threadId } = standing;
  const first = messages[0]!;
  const last = messages.at(-1)!;
  const unanswered = unansweredFrom(standing, owner);
  const reasons = reasonsOf(standing, owner, unanswered !== null && unanswered <= now);
  const url = `https://mail.google.com/mail/u/0/#all/${threadId}`;
  const told = messages.filter(({ content }) => content !== undefined);
  const events = told.flatMap(({ content }) => (content?.eventUid ? [`event:${content.eventUid}`] : []));
  const description = describe({
    title: titleOf(messages),
    text: told.length > 0 ? textOf(told) : last.snippet,
    links: [...new Set(events)],
    people: peopleOf(messages, owner),
  });
  const item: WorkItem = {
    system: 'gmail',
    id: threadId,
    kind: 'mail',
    url,
    title: description.title,
    words: description.words,
    names: namesOf(url, messages),
    references: description.references,
    reasons,
    asker: (since.at(-1) ?? messages.findLast((message) => !isOwn(message, owner)))?.from?.address ?? null,
    followUps: Math.max(0, since.length - 1),
    blocks: 0,
    createdAt: new Date(first.date).toISOString(),
    updatedAt: new Date(last.date).toISOString(),
    deadline: reasons.length > 0 ? deadlineOf(standing, owner) : null,
    sla: null,
    event: null,
    done: reasons.length > 0 ? null : doneOf(standing, owner),
    classification: CONNECTOR_DEFAULT['gmail'] as Classification,
  };
  return { item, lookAgainAt: unanswered !== null && unanswered > now ? unanswered : null };
}

function reasonsOf(standing: Standing, owner: Owner, unanswered: boolean): WorkReason[] {
  const reasons: WorkReason[] = [];
  if (standing.unread) reasons.push('unread');
  if (standing.flagged) reasons.push('flagged');
  const onlyNew = standing.unread && standing.since.length < 2;
  if (unanswered || (!onlyNew && isOverdue(standing, owner))) reasons.push('follow_up');
  return reasons;
}

function doneOf({ lastOwn, since, messages, archived }: Standing, owner: Owner): DoneState | null {
  const answers = lastOwn !== null && messages.some((one) => one.date <= lastOwn.date && !isOwn(one, owner));
  if (answers && since.length === 0) return { at: new Date(lastOwn.date).toISOString(), how: 'answered' };
  // Gmail does not say when it was archived; the last message is the latest that is sure.
  if (archived && lastOwn === null) return { at: new Date(messages.at(-1)!.date).toISOString(), how: 'resolved' };
  return null;
}

function titleOf(messages: readonly SeenMessage[]): string {
  const subject = messages.find((message) => message.subject.trim() !== '')?.subject ?? '';
  return subject.replace(PREFIX, '').trim() || '(no subject)';
}

/** The newest first, because that is what counts where it gets long. */
function textOf(messages: readonly SeenMessage[]): string {
  return messages
    .map(({ content }) => content!.text)
    .reverse()
    .join('\n\n');
}

function peopleOf(messages: readonly SeenMessage[], { addresses }: Owner): string[] {
  const people = new Set<string>();
  for (const { from, to, cc } of messages.slice(-MOST_NAMES).reverse()) {
    for (const { address } of [...(from ? [from] : []), ...to, ...cc]) {
      if (people.size >= MOST_PEOPLE) return [...people];
      if (!addresses.has(address)) people.add(address);
    }
  }
  return [...people];
}

function namesOf(url: string, messages: readonly SeenMessage[]): string[] {
  const ids = messages.flatMap(({ messageId }) => (messageId === null ? [] : [mailName(messageId)]));
  return [...new Set([...[urlName(url)].filter((name) => name !== null), ...ids.slice(-MOST_NAMES)])];
}

/** The earliest that somebody has set; each read from the day on which it was written. */
function deadlineOf({ since, messages }: Standing, owner: Owner): string | null {
  const asking = since.length > 0 ? since : messages.filter((message) => !isOwn(message, owner));
  const found = asking.flatMap(({ subject, content, date }) => {
    if (content === undefined) return [];
    return deadlineIn(`${subject.slice(0, 1_000)}\n${content.text}`, date, owner.timeZone) ?? [];
  });
  return found.sort()[0] ?? null;
}
