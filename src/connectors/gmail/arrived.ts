import type { ArrivedMail } from '../new-mail.ts';
import { METADATA_HEADERS, type SeenMessage } from './message.ts';
import { isOwn, type Owner } from './standing.ts';

/** What is older is a backlog, which nothing answers by itself any more. */
const OLDEST_MS = 3_600_000;
const MOST_RECEIVERS = 200;
const LONGEST_HEADER = 10_000;
/** They have their own places. */
const TOLD = new Set(['from', 'to', 'cc', 'subject', 'message-id', 'references']);
const HEADERS = METADATA_HEADERS.map((name) => name.toLowerCase()).filter((name) => !TOLD.has(name));

/** A message that somebody else has sent and nobody has read yet, for whoever answers mail. @param now milliseconds since 1970 */
export function arrivedMail(message: SeenMessage, owner: Owner, now: number): ArrivedMail | null {
  const { id, threadId, labels, from, to, cc, date } = message;
  const isNew = labels.has('UNREAD') && labels.has('INBOX') && date >= now - OLDEST_MS;
  if (!isNew || from === null || labels.has('SENT') || owner.addresses.has(from.address) || isOwn(message, owner))
    return null;
  const headers = HEADERS.flatMap((name) => {
    const value = message.header(name);
    return value === undefined ? [] : [[name, value.slice(0, LONGEST_HEADER)] as const];
  });
  return {
    id,
    threadId,
    messageId: message.messageId,
    from: { name: from.name, address: from.address },
    to: [...to, ...cc].slice(0, MOST_RECEIVERS).map(({ address }) => address),
    subject: message.subject,
    headers: Object.fromEntries(headers),
    receivedAt: date,
  };
}
