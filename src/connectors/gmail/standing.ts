import { asks, hasQuestion } from './own-words.ts';
import type { SeenMessage } from './message.ts';
import { isPersonal } from './sender.ts';

const NOT_MAIL = ['TRASH', 'SPAM', 'DRAFT', 'CHAT'];

/** The owner of a mailbox. */
export interface Owner {
  /** All of them, in lower case. */
  readonly addresses: ReadonlySet<string>;
  /** IANA time zone. */
  readonly timeZone: string;
  /** How long a question of theirs may stay without an answer, in milliseconds. */
  readonly patience: number;
}

/** How things stand in a thread, from its owner's side. */
export interface Standing {
  readonly threadId: string;
  /** What is not deleted, oldest first; never empty. */
  readonly messages: readonly SeenMessage[];
  /** The owner's last one. */
  readonly lastOwn: SeenMessage | null;
  /** What people have written to the owner since then. */
  readonly since: readonly SeenMessage[];
  readonly flagged: boolean;
  readonly unread: boolean;
  readonly archived: boolean;
}

/** Null where nothing is left of the thread. */
export function standingOf(threadId: string, all: readonly SeenMessage[], owner: Owner): Standing | null {
  const messages = all
    .filter(({ labels }) => !NOT_MAIL.some((label) => labels.has(label)))
    .sort((a, b) => a.date - b.date);
  if (messages.length === 0) return null;
  const isOwner = (address: string) => owner.addresses.has(address);
  const own = messages.findLastIndex((message) => isOwn(message, owner));
  const since = messages
    .slice(own + 1)
    .filter((message) => message.content?.calendar !== true && isPersonal(message, isOwner));
  return {
    threadId,
    messages,
    lastOwn: messages[own] ?? null,
    since,
    flagged: messages.some(({ labels }) => labels.has('STARRED')),
    unread: since.some(({ labels }) => labels.has('UNREAD') && labels.has('INBOX')),
    archived: !messages.some(({ labels }) => labels.has('INBOX')),
  };
}

/** A note to oneself is no answer to anybody. */
export function isOwn({ from, labels, to }: SeenMessage, { addresses }: Owner): boolean {
  const own = labels.has('SENT') || (from !== null && addresses.has(from.address));
  return own && !(to.length > 0 && to.every(({ address }) => addresses.has(address)));
}

/** Whether what was written matters, or its headers say enough. */
export function wantsContent(standing: Standing): boolean {
  return (
    standing.flagged || standing.unread || (standing.since.length > 0 && !standing.archived) || isLastWord(standing)
  );
}

/** Somebody waits for the owner, who has read what they wrote: they came back to it, or asked outright. */
export function isOverdue({ since, archived }: Standing, { addresses }: Owner): boolean {
  if (since.length === 0 || archived) return false;
  if (since.length > 1) return true;
  const [{ to, content, snippet }] = since as [SeenMessage];
  return to.some(({ address }) => addresses.has(address)) && asks(content?.text ?? snippet);
}

/** When the owner's question has been without an answer for too long; null where they asked nothing, or were answered. */
export function unansweredFrom(standing: Standing, { patience, addresses }: Owner): number | null {
  const { lastOwn } = standing;
  if (lastOwn === null || !isLastWord(standing)) return null;
  const others = [...lastOwn.to, ...lastOwn.cc].some(({ address }) => !addresses.has(address));
  return others && hasQuestion(lastOwn.content?.text ?? lastOwn.snippet) ? lastOwn.date + patience : null;
}

function isLastWord({ lastOwn, since }: Standing): boolean {
  return lastOwn !== null && since.length === 0;
}
