import { objectIn, textIn } from '../vendor-json.ts';

/** What a document says, to whom. */
export interface Reading {
  readonly text: string;
  readonly links: readonly string[];
  /** Account ids. */
  readonly mentions: ReadonlySet<string>;
}

const LONGEST_TEXT = 65_536;
const MOST_NODES = 200_000;
const MOST_LINKS = 100;
/** Nodes after which a line ends. */
const BLOCKS = new Set(
  'paragraph heading codeBlock blockquote listItem taskItem decisionItem tableRow rule hardBreak blockCard embedCard panel expand'.split(
    ' ',
  ),
);

/**
 * Text, links and mentions of an Atlassian document. Walks without recursion, so that no depth is too deep, and stops after
 * 64 Ki characters. A plain string counts as its own text. Source: developer.atlassian.com, "Document structure".
 */
export function readDocument(body: unknown): Reading {
  const parts: string[] = [];
  const links: string[] = [];
  const mentions = new Set<string>();
  let length = 0;
  const say = (text: string) => {
    if (length >= LONGEST_TEXT) return;
    parts.push(text);
    length += text.length;
  };
  const link = (url: unknown) => {
    if (typeof url !== 'string' || links.length >= MOST_LINKS) return;
    links.push(url);
    say(` ${url} `);
  };
  const open: unknown[] = [body];
  for (let seen = 0; open.length > 0 && seen < MOST_NODES; seen += 1) {
    const raw = open.pop();
    if (typeof raw === 'string') {
      say(raw);
      continue;
    }
    const node = objectIn(raw);
    const attrs = objectIn(node['attrs']);
    switch (node['type']) {
      case 'mention':
        if (typeof attrs['id'] === 'string') mentions.add(attrs['id']);
        break;
      case 'inlineCard':
      case 'blockCard':
      case 'embedCard':
        link(attrs['url']);
        break;
      case 'emoji':
      case 'status':
        say(textIn(attrs['text']));
        break;
    }
    say(textIn(node['text']).slice(0, LONGEST_TEXT));
    if (Array.isArray(node['marks'])) for (const mark of node['marks']) link(objectIn(objectIn(mark)['attrs'])['href']);
    if (BLOCKS.has(textIn(node['type']))) open.push('\n');
    const content = node['content'];
    if (Array.isArray(content))
      for (let at = Math.min(content.length, MOST_NODES) - 1; at >= 0; at -= 1) open.push(content[at]);
  }
  return { text: parts.join('').slice(0, LONGEST_TEXT), links, mentions };
}

/** A document with one paragraph for each line of a text. */
export function writeDocument(text: string): { type: 'doc'; version: 1; content: Record<string, unknown>[] } {
  const content = text.split(/\r?\n/).map((line) => ({
    type: 'paragraph',
    // An empty text node is not valid.
    content: line === '' ? [] : [{ type: 'text', text: line }],
  }));
  return { type: 'doc', version: 1, content };
}
