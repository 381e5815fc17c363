/** What a comment and its replies mean for one person. */
import type { Account } from '../connector.ts';
import { listOf } from '../google/call.ts';
import type { WorkReason } from '../work-item.ts';
import type { GoogleComment } from './client.ts';

export interface Thread {
  readonly reason: Extract<WorkReason, 'assigned' | 'mentioned' | 'commented'>;
  readonly state: 'open' | 'answered' | 'resolved';
  /** The display name of who wrote it: Google does not tell addresses. */
  readonly author: string | null;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** How often others have come back to it since the person last said something. */
  readonly followUps: number;
}

const LONGEST = 8_192;

/** Null where it does not concern this person: it neither names them nor is on a document of theirs, or they wrote it. */
export function threadOf(comment: GoogleComment, account: Account, ownDocument: boolean): Thread | null {
  if (comment.deleted === true) return null;
  const said = [comment, ...listOf(comment.replies).filter((reply) => reply.deleted !== true)];
  const own = said.findLastIndex((one) => one.author?.me === true);
  const assigned = isSame(
    said.findLast((one) => typeof one.assigneeEmailAddress === 'string')?.assigneeEmailAddress,
    account.email,
  );
  const mentioned = said.findLastIndex((one) => one.author?.me !== true && mentions(one, account.email));
  const others = said.slice(own + 1).filter((one) => one.author?.me !== true && typeof one.content === 'string');
  const foreign = ownDocument && comment.author?.me !== true;
  if (!assigned && mentioned < 0 && !foreign) return null;
  const answered = others.length === 0 || (own >= 0 && !assigned && mentioned < own && !foreign);
  const times = said.flatMap((one) => [Date.parse(one.createdTime ?? ''), Date.parse(one.modifiedTime ?? '')]);
  const known = times.filter(Number.isFinite);
  return {
    reason: assigned ? 'assigned' : mentioned >= 0 ? 'mentioned' : 'commented',
    state: comment.resolved === true ? 'resolved' : answered ? 'answered' : 'open',
    author: (others[0] ?? comment).author?.displayName ?? null,
    text: said
      .map(({ content }) => (typeof content === 'string' ? content.slice(0, LONGEST) : ''))
      .join('\n')
      .slice(0, LONGEST),
    createdAt: Math.min(...known.slice(0, 1000)),
    updatedAt: known.reduce((latest, time) => Math.max(latest, time), 0),
    followUps: Math.max(0, others.length - 1),
  };
}

interface Said {
  readonly content?: string | null;
  readonly mentionedEmailAddresses?: string[] | null;
}

function mentions({ content, mentionedEmailAddresses }: Said, email: string): boolean {
  if (Array.isArray(mentionedEmailAddresses) && mentionedEmailAddresses.some((one) => isSame(one, email))) return true;
  // Older comments carry the address in their text alone.
  const text = typeof content === 'string' ? content.slice(0, LONGEST).toLowerCase() : '';
  return text.includes(`@${email.toLowerCase()}`) || text.includes(`+${email.toLowerCase()}`);
}

function isSame(email: unknown, other: string): boolean {
  return typeof email === 'string' && email.toLowerCase() === other.toLowerCase();
}
