/** The search language of `files.list`. Source: "Search query terms and operators" of the Drive API v3. */
import { invalid } from '../google/refusal.ts';

export interface Searchable {
  readonly name: string;
  readonly mimeType: string;
  readonly fullText: string;
  readonly modifiedTime: string;
  readonly createdTime: string;
  readonly viewedByMeTime?: string;
  readonly sharedWithMeTime?: string;
  readonly trashed: boolean;
  readonly starred: boolean;
  readonly sharedWithMe: boolean;
  readonly parents: readonly string[];
  readonly owners: readonly string[];
  readonly writers: readonly string[];
  readonly readers: readonly string[];
}

export type Predicate = (file: Searchable) => boolean;

const TOKEN = /\s*(?:'((?:[^'\\]|\\.)*)'|([()])|(<=|>=|!=|=|<|>)|([A-Za-z]+))/y;
const BOOLEANS = ['trashed', 'starred', 'sharedWithMe'] as const;
/** By when a file was shared one can sort, but not search. */
const TIMES = ['modifiedTime', 'createdTime', 'viewedByMeTime'] as const;
const LISTS = ['parents', 'owners', 'writers', 'readers'] as const;

/** @throws GoogleRefusal 400 for what is no query */
export function parseSearch(query: string, me: string): Predicate {
  const tokens = tokensOf(query);
  const parser = { at: 0, tokens, me };
  const predicate = either(parser);
  if (parser.at < tokens.length) throw wrong();
  return predicate;
}

interface Token {
  readonly kind: 'text' | 'sign' | 'operator' | 'word';
  readonly value: string;
}

interface Parser {
  at: number;
  readonly tokens: readonly Token[];
  readonly me: string;
}

function either(parser: Parser): Predicate {
  let left = both(parser);
  while (takes(parser, 'or')) {
    const [before, after] = [left, both(parser)];
    left = (file) => before(file) || after(file);
  }
  return left;
}

function both(parser: Parser): Predicate {
  let left = one(parser);
  while (takes(parser, 'and')) {
    const [before, after] = [left, one(parser)];
    left = (file) => before(file) && after(file);
  }
  return left;
}

function one(parser: Parser): Predicate {
  if (takes(parser, 'not')) {
    const inner = one(parser);
    return (file) => !inner(file);
  }
  if (takes(parser, '(')) {
    const inner = either(parser);
    if (!takes(parser, ')')) throw wrong();
    return inner;
  }
  const first = next(parser);
  if (first.kind === 'text') return membership(parser, first.value);
  if (first.kind !== 'word') throw wrong();
  const boolean = BOOLEANS.find((name) => name === first.value);
  if (boolean !== undefined) return truth(parser, boolean);
  return comparison(first.value, next(parser).value, next(parser));
}

/** `'<id>' in parents`, `'me' in owners`. */
function membership(parser: Parser, value: string): Predicate {
  if (!takes(parser, 'in')) throw wrong();
  const name = next(parser).value;
  const list = LISTS.find((known) => known === name);
  if (list === undefined) throw wrong();
  const wanted = value === 'me' && list !== 'parents' ? parser.me : value;
  return (file) => file[list].includes(wanted);
}

function truth(parser: Parser, name: (typeof BOOLEANS)[number]): Predicate {
  const operator = parser.tokens[parser.at];
  if (operator?.kind !== 'operator') return (file) => file[name];
  parser.at += 1;
  const value = next(parser).value;
  if (!['=', '!='].includes(operator.value) || !['true', 'false'].includes(value)) throw wrong();
  const wanted = (value === 'true') === (operator.value === '=');
  return (file) => file[name] === wanted;
}

function comparison(name: string, operator: string, { kind, value }: Token): Predicate {
  if (kind !== 'text') throw wrong();
  const folded = value.toLowerCase();
  if (name === 'name' && operator === 'contains') {
    // The vendor compares beginnings of words.
    return (file) =>
      file.name
        .toLowerCase()
        .split(/\s+/)
        .some((word) => word.startsWith(folded)) || file.name.toLowerCase().startsWith(folded);
  }
  if (name === 'fullText' && operator === 'contains') return (file) => file.fullText.toLowerCase().includes(folded);
  if (name === 'mimeType' && operator === 'contains') return (file) => file.mimeType.startsWith(value);
  if (name === 'name' || name === 'mimeType') {
    if (operator !== '=' && operator !== '!=') throw wrong();
    return (file) => (file[name] === value) === (operator === '=');
  }
  const time = TIMES.find((known) => known === name);
  const limit = Date.parse(value);
  if (time === undefined || Number.isNaN(limit)) throw wrong();
  return (file) => compares(Date.parse(file[time] ?? ''), operator, limit);
}

function compares(value: number, operator: string, limit: number): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '=':
      return value === limit;
    case '!=':
      return value !== limit;
    default:
      throw wrong();
  }
}

function takes(parser: Parser, value: string): boolean {
  const token = parser.tokens[parser.at];
  if (token === undefined || token.kind === 'text' || token.value !== value) return false;
  parser.at += 1;
  return true;
}

function next(parser: Parser): Token {
  const token = parser.tokens[parser.at];
  if (token === undefined) throw wrong();
  parser.at += 1;
  return token;
}

function tokensOf(query: string): Token[] {
  const tokens: Token[] = [];
  const scan = new RegExp(TOKEN);
  while (query.slice(scan.lastIndex).trim() !== '') {
    const found = scan.exec(query);
    if (found === null) throw wrong();
    const [, text, sign, operator, word] = found;
    if (text !== undefined) tokens.push({ kind: 'text', value: text.replace(/\\(.)/g, '$1') });
    else if (sign !== undefined) tokens.push({ kind: 'sign', value: sign });
    else if (operator !== undefined) tokens.push({ kind: 'operator', value: operator });
    else tokens.push({ kind: 'word', value: word ?? '' });
  }
  return tokens;
}

function wrong() {
  return invalid('Invalid Value', 'q');
}
