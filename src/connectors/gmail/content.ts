import type { gmail_v1 } from '@googleapis/gmail';
import PostalMime from 'postal-mime';
import { htmlText } from './html-text.ts';
import { ownWords } from './own-words.ts';

/** Of a text no more than this is looked at. */
const LONGEST_TEXT = 65_536;
const LONGEST_CALENDAR = 65_536;
const DEEPEST = 20;
const LIMITS = {
  maxNestingDepth: DEEPEST,
  maxHeadersSize: 4 * 1024 * 1024,
  rfc822Attachments: true,
  maxRfc822NestingDepth: 0,
};

/** What a message says; held only while its thread is looked at. */
export interface Content {
  /** Without what it quotes. */
  readonly text: string;
  /** It carries an invitation, an answer to one, or another notice of a calendar. */
  readonly calendar: boolean;
  /** The UID of the event. */
  readonly eventUid: string | null;
  readonly attachments: readonly { readonly filename: string; readonly mimeType: string }[];
}

/** Reads a raw message. What cannot be read as MIME is taken for text: never throws. */
export async function contentOfRaw(raw: Uint8Array): Promise<Content> {
  try {
    const { text, html, attachments } = await PostalMime.parse(raw, LIMITS);
    const calendars = attachments.filter(
      ({ mimeType }) => mimeType === 'text/calendar' || mimeType === 'application/ics',
    );
    return {
      text: wordsOfMail(text, html),
      calendar: calendars.length > 0,
      eventUid: calendars.map(({ content }) => uidIn(asText(content))).find((uid) => uid !== null) ?? null,
      attachments: attachments.map(({ filename, mimeType }) => ({ filename: filename ?? '', mimeType })),
    };
  } catch {
    const source = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8');
    const blank = /\r?\n\r?\n/.exec(source);
    return {
      text: wordsOfMail(blank ? source.slice(blank.index) : ''),
      calendar: false,
      eventUid: null,
      attachments: [],
    };
  }
}

/** Reads a message as Gmail has taken it apart: for large ones, of which the attachments need not come along. */
export function contentOfPayload(payload: gmail_v1.Schema$MessagePart | undefined): Content {
  const found = {
    text: undefined as string | undefined,
    html: undefined as string | undefined,
    calendars: [] as string[],
  };
  const attachments: { filename: string; mimeType: string }[] = [];
  const visit = (part: gmail_v1.Schema$MessagePart, depth: number): void => {
    const mimeType = part.mimeType ?? '';
    if (part.filename) attachments.push({ filename: part.filename, mimeType });
    if (mimeType === 'text/calendar') found.calendars.push(textOf(part));
    else if (!part.filename && mimeType === 'text/plain') found.text ??= textOf(part);
    else if (!part.filename && mimeType === 'text/html') found.html ??= textOf(part);
    if (depth < DEEPEST) for (const inner of part.parts ?? []) visit(inner, depth + 1);
  };
  if (payload) visit(payload, 0);
  return {
    text: wordsOfMail(found.text, found.html),
    calendar: found.calendars.length > 0,
    eventUid: found.calendars.map(uidIn).find((uid) => uid !== null) ?? null,
    attachments,
  };
}

function wordsOfMail(text: string | undefined, html?: string): string {
  const plain = text?.slice(0, LONGEST_TEXT).trim();
  return ownWords(plain ? plain : htmlText((html ?? '').slice(0, 4 * LONGEST_TEXT)).slice(0, LONGEST_TEXT));
}

function uidIn(calendar: string): string | null {
  const unfolded = calendar.slice(0, LONGEST_CALENDAR).replace(/\r?\n[ \t]/g, '');
  const event = unfolded.slice(Math.max(0, unfolded.search(/^BEGIN:VEVENT/im)));
  return /^UID(?:;[^:\r\n]*)?:([^\r\n]{1,250})/im.exec(event)?.[1]?.trim() ?? null;
}

function asText(content: ArrayBuffer | Uint8Array | string): string {
  if (typeof content === 'string') return content;
  return Buffer.from(content instanceof Uint8Array ? content : new Uint8Array(content)).toString('utf8');
}

function textOf({ body, headers }: gmail_v1.Schema$MessagePart): string {
  const bytes = Buffer.from(body?.data ?? '', 'base64url');
  const type = headers?.find(({ name }) => name?.toLowerCase() === 'content-type')?.value ?? '';
  const charset = /charset\s*=\s*"?([\w.:-]{1,40})/i.exec(type)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}
