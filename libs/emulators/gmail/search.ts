import { invalid } from './refusal.ts';
import type { StoredMessage } from './mailbox.ts';

type Matches = (message: StoredMessage) => boolean;

export interface Search {
  readonly matches: Matches;
  /** It asks for what lies in trash or spam, too. */
  readonly everywhere: boolean;
}

const TOKEN = /\s*(?:([(){}])|(-?)(?:(\w+):)?(?:"([^"]*)"|([^\s(){}"]+))|(-))/y;
const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  d: 86_400_000,
  m: 30 * 86_400_000,
  y: 365 * 86_400_000,
};

/** Gmail's search language, as far as the reference describes it: fields, quotes, `-`, `OR`, `( )` and `{ }`. */
export function parseSearch(query: string, owner: string, now: number): Search {
  const parser = new Parser(query, owner.toLowerCase(), now);
  return { matches: parser.all(undefined), everywhere: parser.everywhere };
}

class Parser {
  everywhere = false;
  private at = 0;

  constructor(
    private readonly query: string,
    private readonly owner: string,
    private readonly now: number,
  ) {}

  /** Terms up to `end`: all of them, neighbours of an `OR` being one. */
  all(end: string | undefined): Matches {
    const groups: Matches[][] = [];
    let joins = false;
    for (let term = this.next(end); term !== undefined; term = this.next(end)) {
      if (term === 'OR') joins = groups.length > 0;
      else if (joins || (end === '}' && groups.length > 0)) groups.at(-1)!.push(term);
      else groups.push([term]);
      if (term !== 'OR') joins = false;
    }
    return (message) => groups.every((group) => group.some((matches) => matches(message)));
  }

  private next(end: string | undefined): Matches | 'OR' | undefined {
    TOKEN.lastIndex = this.at;
    const token = TOKEN.exec(this.query);
    if (token === null) return undefined;
    this.at = TOKEN.lastIndex;
    const [, bracket, minus, field, quoted, word, lone] = token;
    if (bracket === end && bracket !== undefined) return undefined;
    if (bracket === '(') return this.all(')');
    if (bracket === '{') return this.all('}');
    if (bracket !== undefined) return this.next(end);
    if (lone !== undefined) {
      const negated = this.next(end);
      return typeof negated === 'function' ? (message) => !negated(message) : negated;
    }
    if (word === 'OR' && field === undefined) return 'OR';
    const matches = this.term(field?.toLowerCase(), (quoted ?? word ?? '').toLowerCase(), quoted ?? word ?? '');
    return minus === '-' ? (message) => !matches(message) : matches;
  }

  private term(field: string | undefined, value: string, asGiven: string): Matches {
    switch (field) {
      case undefined:
        return ({ mail }) =>
          [mail.header('subject'), mail.header('from'), mail.header('to'), mail.text].some((text) => has(text, value));
      case 'from':
      case 'to':
      case 'cc':
      case 'bcc': {
        const wanted = value === 'me' ? this.owner : value;
        const headers = field === 'to' ? ['to', 'cc', 'bcc'] : [field];
        return ({ mail }) => headers.some((header) => has(mail.header(header), wanted));
      }
      case 'subject':
        return ({ mail }) => has(mail.header('subject'), value);
      case 'list':
        return ({ mail }) => has(mail.header('list-id'), value);
      case 'rfc822msgid': {
        const id = asGiven.replace(/^<|>$/g, '');
        return ({ mail }) => mail.messageId === id;
      }
      case 'is':
      case 'in':
      case 'label':
        return this.label(value);
      case 'category':
        return ({ labels }) => labels.has(`CATEGORY_${value.toUpperCase()}`);
      case 'has':
        return ({ mail }) => value === 'attachment' && mail.root.parts.some((part) => part.filename !== '');
      case 'after':
      case 'newer': {
        const from = instant(value);
        return ({ date }) => date >= from;
      }
      case 'before':
      case 'older': {
        const until = instant(value);
        return ({ date }) => date < until;
      }
      case 'newer_than':
      case 'older_than': {
        const edge = this.now - span(value);
        return ({ date }) => (field === 'newer_than' ? date >= edge : date < edge);
      }
      default:
        return this.term(undefined, `${field}:${value}`, asGiven);
    }
  }

  private label(value: string): Matches {
    if (['anywhere', 'trash', 'spam'].includes(value)) this.everywhere = true;
    if (value === 'anywhere') return () => true;
    if (value === 'read') return ({ labels }) => !labels.has('UNREAD');
    const id = value === 'drafts' ? 'DRAFT' : value.toUpperCase();
    return ({ labels }) => labels.has(id) || labels.has(value);
  }
}

function has(text: string | undefined, value: string): boolean {
  return text?.toLowerCase().includes(value) ?? false;
}

function instant(value: string): number {
  if (/^\d{9,}$/.test(value)) return Number(value) * 1_000;
  const day = /^(\d{4})[/-](\d{1,2})[/-](\d{1,2})$/.exec(value);
  if (day === null) throw invalid('Invalid query');
  return Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3]));
}

function span(value: string): number {
  const found = /^(\d+)([hdmy])$/.exec(value);
  if (found === null) throw invalid('Invalid query');
  return Number(found[1]) * UNIT_MS[found[2]!]!;
}
