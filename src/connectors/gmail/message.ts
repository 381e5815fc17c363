import type { gmail_v1 } from '@googleapis/gmail';
import { addressParser, decodeWords } from 'postal-mime';
import type { Content } from './content.ts';

/** The headers that are needed to tell what a message is; asked for by name. */
export const METADATA_HEADERS = [
  'From', 'To', 'Cc', 'Subject', 'Message-ID', 'References', 'List-Id', 'List-Post', 'List-Unsubscribe', 'Precedence',
  'Auto-Submitted', 'X-Auto-Response-Suppress', 'Feedback-ID',
]; // prettier-ignore
const LONGEST_HEADER = 16_384;

export interface Mailbox {
  readonly name: string;
  /** In lower case. */
  readonly address: string;
}

/** A message as its metadata shows it. */
export interface SeenMessage {
  readonly id: string;
  readonly threadId: string;
  readonly labels: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly date: number;
  readonly size: number;
  readonly snippet: string;
  readonly subject: string;
  readonly from: Mailbox | null;
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  /** Without angle brackets. */
  readonly messageId: string | null;
  readonly references: readonly string[];
  readonly header: (name: string) => string | undefined;
  readonly content?: Content;
}

export function seenMessage(message: gmail_v1.Schema$Message): SeenMessage | null {
  if (!message.id) return null;
  const headers = new Map<string, string>();
  for (const { name, value } of message.payload?.headers ?? []) {
    const key = name?.toLowerCase();
    if (key && typeof value === 'string' && !headers.has(key)) headers.set(key, value.slice(0, LONGEST_HEADER));
  }
  const date = Number(message.internalDate);
  return {
    id: message.id,
    threadId: message.threadId ?? message.id,
    labels: new Set(message.labelIds ?? []),
    date: Number.isFinite(date) && Math.abs(date) < 8.64e15 ? date : 0,
    size: message.sizeEstimate ?? 0,
    snippet: message.snippet ?? '',
    subject: decoded(headers.get('subject') ?? ''),
    from: mailboxesIn(headers.get('from'))[0] ?? null,
    to: mailboxesIn(headers.get('to')),
    cc: mailboxesIn(headers.get('cc')),
    messageId: idsIn(headers.get('message-id'))[0] ?? null,
    references: idsIn(headers.get('references')),
    header: (name) => headers.get(name),
  };
}

/** Gmail decodes RFC 2047 in most headers, but not in all. */
function decoded(value: string): string {
  return value.includes('=?') ? decodeWords(value) : value;
}

function mailboxesIn(header: string | undefined): Mailbox[] {
  if (!header) return [];
  return addressParser(header, { flatten: true }).flatMap(({ name, address }) =>
    address?.includes('@') ? [{ name: decoded(name), address: address.toLowerCase().slice(0, 320) }] : [],
  );
}

function idsIn(header: string | undefined): string[] {
  return [...(header ?? '').matchAll(/<([^<>\s]{1,998})>/g)].map(([, id]) => id!);
}
