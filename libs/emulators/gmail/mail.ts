import { addressParser, decodeWords } from 'postal-mime';

const DEEPEST = 20;

export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** A node of a MIME tree; malformed input gives the best that can be had, never an error. */
export interface Part {
  readonly headers: readonly HeaderField[];
  readonly mimeType: string;
  readonly charset: string;
  readonly filename: string;
  /** Decoded from its transfer encoding. */
  readonly body: Buffer;
  readonly parts: readonly Part[];
}

/** A message as it came over the wire, read when somebody looks. Copies in several mailboxes share one. */
export class Mail {
  private tree: Part | undefined;
  private plain: string | undefined;

  constructor(readonly raw: Buffer) {}

  get root(): Part {
    return (this.tree ??= partOf(this.raw.toString('latin1'), 0));
  }

  header(name: string): string | undefined {
    return headerOf(this.root, name);
  }

  /** Without angle brackets. */
  get messageId(): string {
    return idsIn(this.header('message-id'))[0] ?? '';
  }

  /** Message ids that this one answers, the nearest first. */
  get answers(): string[] {
    return [...idsIn(this.header('in-reply-to')), ...idsIn(this.header('references')).reverse()];
  }

  /** Bare addresses, in lower case, of some header. */
  addresses(name: string): string[] {
    return addressesIn(this.header(name));
  }

  /** For searching and snippets. */
  get text(): string {
    return (this.plain ??= textOf(this.root).replace(/\s+/g, ' ').trim());
  }

  /** The same message without some headers. */
  without(...names: readonly string[]): Mail {
    const text = this.raw.toString('latin1');
    const end = headEnd(text);
    const wanted = new RegExp(`^(?:${names.join('|')}):.*(?:\\r?\\n[ \\t].*)*\\r?\\n`, 'gim');
    return new Mail(Buffer.from(text.slice(0, end.head).replace(wanted, '') + text.slice(end.head), 'latin1'));
  }

  /** The same message with fields put first. */
  with(fields: readonly HeaderField[]): Mail {
    const head = fields.map(({ name, value }) => `${name}: ${value}\r\n`).join('');
    return new Mail(Buffer.concat([Buffer.from(head), this.raw]));
  }
}

export function addressesIn(header: string | undefined): string[] {
  const found = addressParser(header ?? '', { flatten: true });
  return found.flatMap(({ address }) => (address?.includes('@') ? [address.toLowerCase()] : []));
}

export function headerOf(part: Part, name: string): string | undefined {
  return part.headers.find((field) => field.name.toLowerCase() === name)?.value;
}

function idsIn(header: string | undefined): string[] {
  return [...(header ?? '').matchAll(/<([^<>\s]+)>/g)].map(([, id]) => id!);
}

function headEnd(text: string): { head: number; body: number } {
  const blank = /\r?\n\r?\n/.exec(text);
  if (blank === null) return { head: text.length, body: text.length };
  const line = text.startsWith('\r\n', blank.index) ? 2 : 1;
  return { head: blank.index + line, body: blank.index + blank[0].length };
}

function partOf(text: string, depth: number): Part {
  const { head, body } = headEnd(text);
  const headers = fieldsOf(text.slice(0, head));
  const find = (name: string) => headers.find((field) => field.name.toLowerCase() === name)?.value ?? '';
  const type = find('content-type');
  const mimeType = /^\s*([\w.+-]+\/[\w.+-]+)/.exec(type)?.[1]?.toLowerCase() ?? 'text/plain';
  const content = text.slice(body);
  const boundary = parameter(type, 'boundary');
  const parts =
    mimeType.startsWith('multipart/') && boundary !== '' && depth < DEEPEST
      ? sections(content, boundary).map((section) => partOf(section, depth + 1))
      : [];
  return {
    headers,
    mimeType,
    charset: parameter(type, 'charset') || 'utf-8',
    filename: decodeWords(parameter(find('content-disposition'), 'filename') || parameter(type, 'name')),
    body: parts.length > 0 ? Buffer.alloc(0) : transferDecoded(content, find('content-transfer-encoding')),
    parts,
  };
}

function fieldsOf(head: string): HeaderField[] {
  const unfolded = head.replace(/\r?\n[ \t]+/g, ' ');
  return unfolded.split(/\r?\n/).flatMap((line) => {
    const colon = line.indexOf(':');
    if (colon < 1 || /\s/.test(line.slice(0, colon))) return [];
    const value = Buffer.from(line.slice(colon + 1).trim(), 'latin1').toString('utf8');
    return [{ name: line.slice(0, colon), value: value.includes('=?') ? decodeWords(value) : value }];
  });
}

function parameter(header: string, name: string): string {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;]+))`, 'i').exec(header);
  return found?.[1] ?? found?.[2] ?? '';
}

function sections(content: string, boundary: string): string[] {
  const found: string[] = [];
  const mark = `--${boundary}`;
  let from = content.startsWith(mark) ? 0 : content.indexOf(`\n${mark}`) + 1;
  while (content.startsWith(mark, from)) {
    const start = content.indexOf('\n', from) + 1;
    if (content.startsWith('--', from + mark.length) || start === 0) break;
    const next = content.indexOf(`\n${mark}`, start - 1);
    found.push(content.slice(start, next < 0 ? undefined : Math.max(start, next)).replace(/\r$/, ''));
    if (next < 0) break;
    from = next + 1;
  }
  return found;
}

function transferDecoded(content: string, encoding: string): Buffer {
  if (/^\s*base64/i.test(encoding)) return Buffer.from(content, 'base64');
  if (!/^\s*quoted-printable/i.test(encoding)) return Buffer.from(content, 'latin1');
  const soft = content.replace(/[ \t]*=\r?\n/g, '');
  return Buffer.from(
    soft.replace(/=([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
}

function textOf(part: Part): string {
  if (part.mimeType === 'text/plain' && part.filename === '') return decoded(part);
  const inner = part.parts.map(textOf).find((text) => text !== '');
  return inner ?? (part.mimeType === 'text/html' ? decoded(part).replace(/<[^>]*>/g, ' ') : '');
}

function decoded({ body, charset }: Part): string {
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return body.toString('utf8');
  }
}
