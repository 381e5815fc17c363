/** What can become of a message. Source: DOMAIN rules, section 5. */
export const MESSAGE_CLASSES = ['critical', 'needs-response', 'informational', 'noise'] as const;
export type MessageClass = (typeof MESSAGE_CLASSES)[number];

/** From least to most restrictive. */
export const AUTONOMIES = ['autonomous', 'notify', 'approve', 'block'] as const;
export type Autonomy = (typeof AUTONOMIES)[number];

/** Who writes: the address in lower case; of channels that are no mail, whatever names the sender there. */
export interface Contact {
  readonly address: string;
  readonly name: string;
}

/** A message as it arrived, for one person. */
export interface IncomingMessage {
  readonly channel: string;
  readonly from: Contact;
  /** Addresses in lower case. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly messageId: string;
  readonly threadId: string | null;
  /** Under this id the connected system has its text, which has not been read yet. */
  readonly unread?: string;
}

/** Whose message it is. */
export interface Recipient {
  readonly email: string;
  readonly name: string;
}

const NAMED = /^\s*"?(?<name>[^<>"]{0,200}?)"?\s*<(?<address>[^<>\s]{1,320})>\s*$/;

/** Reads `Bob Berg <bob@acme.test>`, or an address alone. */
export function contactOf(text: string): Contact {
  const { name, address } = NAMED.exec(text)?.groups ?? {};
  return { name: name?.trim() ?? '', address: (address ?? text).trim().toLowerCase() };
}

/** One spelling of a Message-ID, with angle brackets, so that mail brought in two ways is one message. Whatever else stays as it is. */
export function mailIdOf(messageId: string): string {
  const bare = /^<?([^<>\s]+@[^<>\s]+)>?$/.exec(messageId)?.[1];
  return bare === undefined ? messageId : `<${bare}>`;
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

const QUOTE_STARTS =
  /^(-{2,} ?$|_{10,}|-{3,} ?(original|forwarded|weitergeleitete|ursprüngliche|message d'origine)|on .{5,200} wrote:|am .{5,200} schrieb|le .{5,200} a écrit ?:)/i;

/** What the sender has written: without quoted lines, signature and what stands below them. */
export function ownWords(text: string): string {
  const lines: string[] = [];
  for (const line of text.slice(0, 20_000).split(/\r?\n/)) {
    if (QUOTE_STARTS.test(line)) break;
    if (!line.trimStart().startsWith('>')) lines.push(line);
  }
  return lines.join('\n').trim();
}

const PREFIX = /^\s*((re|fwd?|aw|wg|tr|rép|antw)(\[\d+\])?\s*:\s*)+/i;

/** Without `Re:`, `AW:`, `Fwd:` … */
export function bareSubject(subject: string): string {
  return subject.replace(PREFIX, '').replace(/\s+/g, ' ').trim();
}

/** The same for messages of one conversation with somebody, also where the channel names no thread. */
export function talkOf({ from, subject, channel }: IncomingMessage): string {
  return [channel, from.address, bareSubject(subject).toLowerCase()].join('\n').slice(0, 1_000);
}
