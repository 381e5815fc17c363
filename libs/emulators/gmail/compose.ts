import { Mail } from './mail.ts';

/** A message that comes from outside, or lies in a mailbox already. */
export interface Delivery {
  /** `ana@acme.test` or `Ana Ruiz <ana@acme.test>`. */
  readonly from: string;
  readonly to: string | readonly string[];
  readonly cc?: string | readonly string[];
  readonly bcc?: string | readonly string[];
  readonly subject?: string;
  readonly text?: string;
  readonly html?: string;
  /** The whole RFC 5322 message, in place of the other content. */
  readonly raw?: string | Uint8Array;
  readonly date?: Date | string | number;
  /** With or without angle brackets. */
  readonly messageId?: string;
  readonly inReplyTo?: string;
  readonly references?: readonly string[];
  /** Of the copies of those who receive it; `INBOX` and `UNREAD` unless given. */
  readonly labels?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** An iCalendar part, for invitations. */
  readonly calendar?: { readonly method: string; readonly content: string };
}

export const list = (value: string | readonly string[] = []): readonly string[] =>
  typeof value === 'string' ? [value] : value;

/** The message that a delivery describes. */
export function compose(delivery: Delivery, messageId: string, date: Date): Mail {
  if (delivery.raw !== undefined) return new Mail(Buffer.from(delivery.raw as string));
  const bracketed = (id: string) => (id.startsWith('<') ? id : `<${id}>`);
  const fields: (readonly [string, string | undefined])[] = [
    ['From', encoded(delivery.from)],
    ['To', list(delivery.to).map(encoded).join(', ')],
    ['Cc', delivery.cc && list(delivery.cc).map(encoded).join(', ')],
    ['Subject', encoded(delivery.subject ?? '')],
    ['Date', date.toUTCString().replace('GMT', '+0000')],
    ['Message-ID', bracketed(messageId)],
    ['In-Reply-To', delivery.inReplyTo && bracketed(delivery.inReplyTo)],
    ['References', delivery.references?.map(bracketed).join(' ')],
    ...Object.entries(delivery.headers ?? {}),
    ['MIME-Version', '1.0'],
  ];
  const head = fields.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`])).join('');
  return new Mail(Buffer.from(head + bodyOf(delivery)));
}

function bodyOf({ text, html, calendar }: Delivery): string {
  const parts = [
    ...(text !== undefined || html === undefined ? [['text/plain', text ?? '']] : []),
    ...(html === undefined ? [] : [['text/html', html]]),
    ...(calendar === undefined ? [] : [[`text/calendar; method=${calendar.method}`, calendar.content]]),
  ].map(
    ([type, content]) =>
      `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${folded(content!)}\r\n`,
  );
  if (parts.length === 1) return parts[0]!;
  const inner = parts.map((part) => `--=_alternative\r\n${part}`).join('');
  return `Content-Type: multipart/alternative; boundary="=_alternative"\r\n\r\n${inner}--=_alternative--\r\n`;
}

function folded(content: string): string {
  return Buffer.from(content).toString('base64').replace(/.{76}/g, '$&\r\n');
}

/** RFC 2047 where needed; an address keeps its angle brackets outside. */
function encoded(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const address = /^(.*?)\s*(<[^<>]*>)$/su.exec(text);
  if (address !== null) return `${encoded(address[1]!)} ${address[2]}`;
  return (text.match(/.{1,10}/gsu) ?? [])
    .map((piece) => `=?UTF-8?B?${Buffer.from(piece).toString('base64')}?=`)
    .join('\r\n ');
}
