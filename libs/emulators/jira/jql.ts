import { DateTime } from 'luxon';
import { searchable } from './adf.ts';
import { isDone, STATUSES, CATEGORIES, type JiraIssue, type JiraUser } from './issue.ts';

/** What is wrong with a query, in the words that Jira puts into `errorMessages`. */
export class JqlError extends Error {}

type Test = (issue: JiraIssue) => boolean;
export interface Query {
  readonly matches: Test;
  readonly compare: (a: JiraIssue, b: JiraIssue) => number;
  /** Account ids such that every match has to do with one of them; null: anything may match. */
  readonly people: readonly string[] | null;
}
interface Clause {
  readonly test: Test;
  readonly people: readonly string[] | null;
}
/** What a query is read against: who asks, and when. */
export interface Asker {
  readonly user: JiraUser;
  readonly now: number;
  readonly exists: (key: string) => boolean;
}

const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(!=|!~|>=|<=|[=~<>(),])|([^\s"'=~<>!(),]+))/y;

/** The subset of JQL that clients of this project use. @throws JqlError */
export function parseJql(jql: string, asker: Asker): Query {
  return new Parser(tokensOf(jql), asker).query();
}

interface Token {
  readonly text: string;
  readonly quoted: boolean;
}

function tokensOf(jql: string): Token[] {
  const tokens: Token[] = [];
  for (TOKEN.lastIndex = 0; jql.slice(TOKEN.lastIndex).trim() !== '';) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(jql);
    if (match === null)
      throw new JqlError(`Error in the JQL Query: unexpected character. (line 1, character ${from + 1})`);
    const quoted = match[1] ?? match[2];
    tokens.push(
      quoted === undefined
        ? { text: match[3] ?? match[4]!, quoted: false }
        : { text: quoted.replace(/\\(.)/g, '$1'), quoted: true },
    );
  }
  return tokens;
}

class Parser {
  private at = 0;
  constructor(
    private readonly tokens: readonly Token[],
    private readonly asker: Asker,
  ) {}

  query(): Query {
    const clause =
      this.at < this.tokens.length && !this.isWord('order') ? this.or() : { test: () => true, people: null };
    const compare = this.takeWord('order') ? this.order() : byKey;
    if (this.at < this.tokens.length) throw this.unexpected();
    return { matches: clause.test, people: clause.people, compare };
  }

  private or(): Clause {
    const clauses = [this.and()];
    while (this.takeWord('or')) clauses.push(this.and());
    if (clauses.length === 1) return clauses[0]!;
    const people = clauses.some((one) => one.people === null) ? null : clauses.flatMap((one) => one.people!);
    return { test: (issue) => clauses.some((one) => one.test(issue)), people };
  }

  private and(): Clause {
    const clauses = [this.not()];
    while (this.takeWord('and')) clauses.push(this.not());
    const people = clauses.map((one) => one.people).find((one) => one !== null) ?? null;
    return { test: (issue) => clauses.every((one) => one.test(issue)), people };
  }

  private not(): Clause {
    if (this.takeWord('not')) {
      const { test } = this.not();
      return { test: (issue) => !test(issue), people: null };
    }
    if (!this.take('(')) return this.term();
    const inner = this.or();
    this.expect(')');
    return inner;
  }

  private term(): Clause {
    const field = this.next().text.toLowerCase();
    const operator = this.operator();
    if (operator === 'is' || operator === 'is not') {
      if (!this.takeWord('empty') && !this.takeWord('null')) throw this.unexpected();
      const value = valueOf(field);
      return { test: (issue) => (value(issue).length === 0) === (operator === 'is'), people: null };
    }
    const operands = operator.endsWith('in') ? this.list() : [this.operand()];
    return this.clause(field, operator, operands);
  }

  private clause(field: string, operator: string, operands: readonly string[]): Clause {
    const negated = operator === '!=' || operator === 'not in' || operator === '!~';
    const people = !negated && /^(?:assignee|watcher|reporter|creator)$/.test(field) ? operands : null;
    if (field === 'created' || field === 'updated') return { test: this.dates(field, operator, operands[0]!), people };
    if (operator === '~' || operator === '!~') {
      // Quotes inside the quotes ask for a phrase.
      const needle = operands[0]!.toLowerCase().replace(/^"|"$/g, '');
      const test: Test = (issue) => textOf(issue, field).includes(needle);
      const person = field !== 'summary' && /^[0-9a-f]{24}$/.test(needle) ? [needle] : null;
      return { test: negated ? (issue) => !test(issue) : test, people: negated ? null : person };
    }
    if (operator === 'was') {
      if (field !== 'assignee') throw new JqlError(`History searches do not support the '${field}' field.`);
      return { test: (issue) => issue.assignees.has(operands[0]!), people };
    }
    if (!['=', '!=', 'in', 'not in'].includes(operator))
      throw new JqlError(`The operator '${operator}' is not supported by the '${field}' field.`);
    if (/^(?:key|issuekey|issue)$/.test(field)) {
      const missing = operands.find((key) => !this.asker.exists(key.toUpperCase()));
      if (missing !== undefined) throw new JqlError(`An issue with key '${missing}' does not exist for field 'key'.`);
    }
    const wanted = new Set(operands.map((one) => one.toLowerCase()));
    const value = valueOf(field);
    return { test: (issue) => value(issue).some((one) => wanted.has(one.toLowerCase())) !== negated, people };
  }

  private dates(field: 'created' | 'updated', operator: string, text: string): Test {
    const at = this.instant(text, field);
    switch (operator) {
      case '>=': return (issue) => issue[field] >= at; // prettier-ignore
      case '>': return (issue) => issue[field] > at; // prettier-ignore
      case '<=': return (issue) => issue[field] <= at; // prettier-ignore
      case '<': return (issue) => issue[field] < at; // prettier-ignore
      default:
        throw new JqlError(`The operator '${operator}' is not supported by the '${field}' field.`);
    }
  }

  private instant(text: string, field: string): number {
    const period = /^-(\d+)([mhdw])$/.exec(text);
    if (period !== null) {
      return this.asker.now - Number(period[1]) * { m: 60e3, h: 3600e3, d: 86400e3, w: 604800e3 }[period[2] as 'm'];
    }
    const zone = this.asker.user.timeZone;
    const read = ['yyyy-MM-dd HH:mm', 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd', 'yyyy/MM/dd']
      .map((format) => DateTime.fromFormat(text, format, { zone }))
      .find((date) => date.isValid);
    if (read === undefined)
      throw new JqlError(
        `Date value '${text}' for field '${field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.`,
      );
    return read.toMillis();
  }

  private operator(): string {
    const token = this.next();
    const word = token.text.toLowerCase();
    if (token.quoted) throw this.unexpected();
    if (word === 'not') return this.takeWord('in') ? 'not in' : this.fail();
    if (word === 'is') return this.takeWord('not') ? 'is not' : 'is';
    if (['=', '!=', '~', '!~', '>=', '<=', '>', '<', 'in', 'was'].includes(word)) return word;
    throw this.unexpected();
  }

  private list(): string[] {
    this.expect('(');
    const values = [this.operand()];
    while (this.take(',')) values.push(this.operand());
    this.expect(')');
    return values;
  }

  private operand(): string {
    const token = this.next();
    if (token.quoted || !this.take('(')) return token.text;
    this.expect(')');
    if (token.text.toLowerCase() !== 'currentuser')
      throw new JqlError(`Unable to find JQL function '${token.text}()'.`);
    return this.asker.user.accountId;
  }

  private order(): Query['compare'] {
    if (!this.takeWord('by')) throw this.unexpected();
    const orders: Query['compare'][] = [];
    do {
      const field = this.next().text.toLowerCase();
      const compare = ORDERS[field];
      if (compare === undefined) throw new JqlError(`Not able to sort using field '${field}'.`);
      const descending = this.takeWord('desc') || (!this.takeWord('asc') && field !== 'key' && field !== 'issuekey');
      orders.push(descending ? (a, b) => compare(b, a) : compare);
    } while (this.take(','));
    return (a, b) => orders.reduce((result, compare) => result || compare(a, b), 0) || byKey(a, b);
  }

  private next(): Token {
    const token = this.tokens[this.at];
    if (token === undefined)
      throw new JqlError('Error in the JQL Query: Expecting either a value, list or function but got the end.');
    this.at += 1;
    return token;
  }
  private isWord(word: string): boolean {
    const token = this.tokens[this.at];
    return token !== undefined && !token.quoted && token.text.toLowerCase() === word;
  }
  private takeWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.at += 1;
    return true;
  }
  private take(symbol: string): boolean {
    return this.takeWord(symbol);
  }
  private expect(symbol: string): void {
    if (!this.take(symbol)) throw this.unexpected();
  }
  private unexpected(): JqlError {
    return new JqlError(
      `Error in the JQL Query: Expecting operator but got '${this.tokens[this.at]?.text ?? 'the end'}'.`,
    );
  }
  private fail(): never {
    throw this.unexpected();
  }
}

function valueOf(field: string): (issue: JiraIssue) => readonly string[] {
  const one = (value: string | null) => (value === null ? [] : [value]);
  switch (field) {
    case 'project': return (issue) => [issue.project]; // prettier-ignore
    case 'assignee': return (issue) => one(issue.assignee); // prettier-ignore
    case 'reporter':
    case 'creator': return (issue) => one(issue.reporter); // prettier-ignore
    case 'watcher': return (issue) => [...issue.watchers]; // prettier-ignore
    case 'status': return (issue) => [issue.status]; // prettier-ignore
    case 'type':
    case 'issuetype': return (issue) => [issue.type]; // prettier-ignore
    case 'priority': return (issue) => [issue.priority]; // prettier-ignore
    case 'key':
    case 'issuekey':
    case 'issue': return (issue) => [issue.key]; // prettier-ignore
    case 'resolution': return (issue) => (isDone(issue) ? ['Done'] : []); // prettier-ignore
    case 'statuscategory':
      return (issue) => {
        // prettier-ignore
        const category = STATUSES[issue.status]?.category ?? 'new';
        return [category, CATEGORIES[category][1]];
      };
    default:
      throw new JqlError(`Field '${field}' does not exist or you do not have permission to view it.`);
  }
}

function textOf(issue: JiraIssue, field: string): string {
  const comments = () => issue.comments.map((one) => searchable(one.body)).join(' ');
  switch (field) {
    case 'summary': return issue.summary.toLowerCase(); // prettier-ignore
    case 'description': return searchable(issue.description).toLowerCase(); // prettier-ignore
    case 'comment': return comments().toLowerCase(); // prettier-ignore
    case 'text': return `${issue.summary} ${searchable(issue.description)} ${comments()}`.toLowerCase(); // prettier-ignore
    default:
      throw new JqlError(`The operator '~' is not supported by the '${field}' field.`);
  }
}

const byKey = (a: JiraIssue, b: JiraIssue) =>
  a.project === b.project ? numberOf(a) - numberOf(b) : a.project < b.project ? -1 : 1;
const numberOf = (issue: JiraIssue) => Number(issue.key.slice(issue.key.lastIndexOf('-') + 1));
const ORDERS: Readonly<Record<string, Query['compare']>> = {
  updated: (a, b) => a.updated - b.updated,
  created: (a, b) => a.created - b.created,
  key: byKey,
  issuekey: byKey,
};
