/** Atlassian Document Format, as far as an emulator needs it. Source: developer.atlassian.com, "Document structure". */
export interface AdfNode {
  readonly type: string;
  readonly text?: string;
  readonly attrs?: Readonly<Record<string, unknown>>;
  readonly content?: readonly AdfNode[];
  readonly [other: string]: unknown;
}

/** A document with one paragraph a line; `@{accountId}` becomes a mention. */
export function document(text: string): AdfNode {
  const content = text.split('\n').map((line) => ({ type: 'paragraph', content: inline(line) }));
  return { type: 'doc', version: 1, content };
}

function inline(line: string): AdfNode[] {
  return line.split(/(@\{[^}]+\})/).flatMap((part): AdfNode[] => {
    const id = /^@\{(.+)\}$/.exec(part)?.[1];
    if (id !== undefined) return [{ type: 'mention', attrs: { id, text: '@somebody' } }];
    return part === '' ? [] : [{ type: 'text', text: part }];
  });
}

/** What a text search sees: the text and the ids of those mentioned. Walks without recursion, however deep it goes. */
export function searchable(body: unknown): string {
  const found: string[] = [];
  const open: unknown[] = [body];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node === 'string') found.push(node);
    if (typeof node !== 'object' || node === null) continue;
    const { text, attrs, content } = node as Partial<AdfNode>;
    if (typeof text === 'string') found.push(text);
    if (typeof attrs?.['id'] === 'string') found.push(attrs['id']);
    if (Array.isArray(content)) for (let at = content.length - 1; at >= 0; at -= 1) open.push(content[at]);
  }
  return found.join(' ');
}
