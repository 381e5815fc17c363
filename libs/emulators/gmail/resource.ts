import type { StoredMessage } from './mailbox.ts';
import type { Part } from './mail.ts';
import { invalid } from './refusal.ts';

const FORMATS = ['minimal', 'full', 'raw', 'metadata'];
const ATTACHMENT = 'ANGj';

export interface Shape {
  readonly format: string;
  /** In lower case; empty: all of them. */
  readonly metadataHeaders: ReadonlySet<string>;
}

export function shapeIn(query: URLSearchParams): Shape {
  const format = (query.get('format') ?? 'full').toLowerCase();
  if (!FORMATS.includes(format)) throw invalid(`Invalid value at 'format' (${format})`);
  return { format, metadataHeaders: new Set(query.getAll('metadataHeaders').map((name) => name.toLowerCase())) };
}

/** A message as the API shows it. Source: REST resource `users.messages`. */
export function messageResource(message: StoredMessage, { format, metadataHeaders }: Shape): Record<string, unknown> {
  const { mail } = message;
  const common = {
    id: message.id,
    threadId: message.threadId,
    labelIds: [...message.labels],
    snippet: snippetOf(message),
    historyId: String(message.historyId),
    internalDate: String(message.date),
    sizeEstimate: mail.raw.length,
  };
  if (format === 'minimal') return common;
  if (format === 'raw') return { ...common, raw: mail.raw.toString('base64url') };
  if (format === 'full') return { ...common, payload: payload(mail.root, '') };
  const { headers, mimeType } = mail.root;
  const shown =
    metadataHeaders.size === 0 ? headers : headers.filter(({ name }) => metadataHeaders.has(name.toLowerCase()));
  return { ...common, payload: { mimeType, headers: shown } };
}

export function snippetOf({ mail }: StoredMessage): string {
  return mail.text.slice(0, 200).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&#39;');
}

/** The bytes of an attachment; undefined where the message has no such one. */
export function attachmentOf({ mail }: StoredMessage, id: string): Buffer | undefined {
  let part: Part | undefined = mail.root;
  for (const index of Buffer.from(id.slice(ATTACHMENT.length), 'base64url').toString().split('.')) {
    part = index === '' ? part : part?.parts[Number(index)];
  }
  return id.startsWith(ATTACHMENT) && part?.filename !== '' ? part?.body : undefined;
}

function payload(part: Part, partId: string): Record<string, unknown> {
  const { mimeType, filename, headers, body, parts } = part;
  const content =
    filename === ''
      ? { size: body.length, ...(body.length > 0 ? { data: body.toString('base64url') } : {}) }
      : { size: body.length, attachmentId: ATTACHMENT + Buffer.from(partId).toString('base64url') };
  const inner = parts.map((each, index) => payload(each, partId === '' ? String(index) : `${partId}.${index}`));
  return { partId, mimeType, filename, headers, body: content, ...(inner.length > 0 ? { parts: inner } : {}) };
}
