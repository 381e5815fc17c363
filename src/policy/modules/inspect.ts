import { type Domain } from '../rules/index.ts';
import { type Every, type Expression, fixedPath, type Location, type Module, type Rule, type Term } from './ast.ts';
import { PERMITTED_BUILTINS, whyRefused } from './builtins.ts';
import {
  CONSTRAINTS,
  CONTRACT,
  MAX_COMPREHENSIONS,
  MAX_GROWTH,
  MAX_NESTING,
  MAX_RULES,
  type ModuleIssue,
} from './contract.ts';
import { growthOf } from './growth.ts';
import { MODULE_PACKAGE } from './package-clause.ts';

const MAX_ISSUES = 50;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
/** First words of built-in functions, and what Rego itself gives a meaning to. */
const RESERVED = new Set([
  ...[...PERMITTED_BUILTINS].map((name) => name.split('.')[0]!),
  ...['data', 'input', 'http', 'net', 'opa', 'rego', 'io', 'crypto', 'json', 'yaml', 'time', 'rand', 'uuid', 'walk'],
  ...[
    'print',
    'trace',
    'glob',
    'graph',
    'graphql',
    'numbers',
    'units',
    'urlquery',
    'hex',
    'base64',
    'bits',
    'cast_set',
  ],
]);
/** Verbs without widths, which would make text of any length. */
const FORMAT = /^(?:[^%]|%(?:%|(?:\.[0-9])?[sdvfq]))*$/;
const MAX_PATTERN = 500;

/**
 * What the syntax tree of a module must not have: references outside `input` and `data.openclaw.lib`, built-ins that are
 * not permitted, values that may grow without bound, rules against the contract. Pure; `opa check` comes on top of it.
 *
 * @param library what `data.openclaw.lib` defines: OPA takes a name that is not there for undefined, and a rule that asks
 *   for it would say nothing, ever
 */
export function inspectModule(module: Module, domain: Domain, library: ReadonlySet<string>): ModuleIssue[] {
  return new Inspector(module, domain, library).inspect();
}

class Inspector {
  private readonly issues: ModuleIssue[] = [];
  private readonly own: ReadonlySet<string>;
  private readonly fromLib = new Set<string>();
  /** What the module calls the library as a whole. */
  private readonly wholeLib = new Set<string>();
  private rule: string | undefined;

  constructor(
    private readonly module: Module,
    private readonly domain: Domain,
    private readonly library: ReadonlySet<string>,
  ) {
    this.own = new Set((module.rules ?? []).map(nameOf));
  }

  inspect(): ModuleIssue[] {
    const { rules = [] } = this.module;
    this.package();
    this.comments();
    this.imports();
    if (rules.length > MAX_RULES) this.say(rules[MAX_RULES]?.location, `a module may have at most ${MAX_RULES} rules`);
    if (!CONTRACT.some((name) => this.own.has(name)))
      this.say(this.module.package.location, `the module says nothing: it defines none of ${CONTRACT.join(', ')}`);
    for (const rule of rules.slice(0, MAX_RULES)) {
      this.rule = nameOf(rule);
      this.contract(rule);
      this.head(rule);
      this.whole(rule);
    }
    if (this.issues.length === 0) this.growth(rules);
    return this.issues.slice(0, MAX_ISSUES);
  }

  private say(at: Location | undefined, message: string): void {
    if (this.issues.length < MAX_ISSUES)
      this.issues.push({ message, line: at?.row, column: at?.col, ...(this.rule && { rule: this.rule }) });
  }

  private package(): void {
    const path = fixedPath(this.module.package.path).slice(1).join('.');
    if (path !== MODULE_PACKAGE || this.module.package.path.length !== 3)
      this.say(this.module.package.location, `the package must be ${MODULE_PACKAGE}; ${path} was given`);
  }

  /** Annotations can name schemas to fetch and other entry points. */
  private comments(): void {
    for (const comment of this.module.comments ?? []) {
      const { Text: text = '', Location: at } = comment;
      if (Buffer.from(text, 'base64').toString().trim().startsWith('METADATA'))
        this.say(at, 'annotations (# METADATA) are not accepted in a module; write an ordinary comment');
    }
  }

  private imports(): void {
    for (const { path, alias, location } of this.module.imports ?? []) {
      const words = fixedPath(path.value as Term[]);
      const isLib = words.slice(0, 3).join('.') === 'data.openclaw.lib';
      const isFine = isLib || words[0] === 'input' || (words.join('.') === 'rego.v1' && alias === undefined);
      const name = alias ?? words.at(-1)!;
      if (!isFine || words.length !== (path.value as Term[]).length) {
        this.say(location, `import ${words.join('.')}: a module may import data.openclaw.lib and input alone`);
      } else if (words.length > 1 && words[0] !== 'rego' && (RESERVED.has(name) || !NAME.test(name))) {
        this.say(location, `import ${words.join('.')}: it may not be called "${name}"`);
      } else if (isLib) {
        this.fromLib.add(name);
        if (words.length === 3) this.wholeLib.add(name);
        else this.inLibrary(location, words[3]!);
      }
    }
  }

  private contract(rule: Rule): void {
    const { head, location } = rule;
    const name = nameOf(rule);
    if (!NAME.test(name)) this.say(location, 'names may have letters, digits and "_" of ASCII, at most 100');
    if (RESERVED.has(name)) this.say(location, `"${name}" is a name of Rego itself; call the rule otherwise`);
    if (this.fromLib.has(name)) this.say(location, `"${name}" is imported already; call the rule otherwise`);
    const isSet = head.key !== undefined && head.value === undefined;
    const isPlain = head.ref.length === 1 && !head.args && !isSet;
    if (this.domain === 'audit' && ['autonomy', 'deny', 'require_approval'].includes(name))
      this.say(location, `the audit domain never denies: a module of it can only set constraints`);
    switch (name) {
      case 'autonomy':
        if (!isPlain) this.say(location, 'autonomy must be one value, such as: autonomy := "approve" if …');
        break;
      case 'deny':
      case 'require_approval':
        if (!isSet || head.ref.length !== 1 || head.args || rule.default)
          this.say(location, `${name} must be a set of messages, such as: ${name} contains "…" if …`);
        break;
      case 'constraints':
        this.constraints(rule);
        break;
    }
  }

  private constraints({ head, location }: Rule): void {
    const known = CONSTRAINTS[this.domain];
    if (head.args || (head.key !== undefined && head.ref.length === 1))
      this.say(location, 'constraints must be an object, such as: constraints.max_rounds := 2 if …');
    const [, field] = head.ref;
    const keys = field ? [field] : head.value?.type === 'object' ? pairsOf(head.value).map(([key]) => key!) : [];
    for (const key of keys) {
      if (key.type === 'string' && !known.includes(key.value as string))
        this.say(
          key.location ?? location,
          `${String(key.value)} is no constraint of ${this.domain}: ${known.join(', ')}`,
        );
    }
  }

  private head({ head }: Rule): void {
    for (const term of head.ref.slice(1)) this.term(term, 1);
  }

  private whole(rule: Rule): void {
    const { head } = rule;
    for (const term of [...(head.args ?? []), head.key, head.value]) if (term) this.term(term, 1);
    this.body(rule.body, 1, 0);
    if (rule.else) this.whole(rule.else);
  }

  private body(body: readonly Expression[], depth: number, comprehensions: number): void {
    for (const expression of body) {
      if (expression.with)
        this.say(expression.with[0]?.location ?? expression.location, '"with" is not accepted in a module');
      const { terms } = expression;
      if (Array.isArray(terms)) this.call(terms as Term[], depth, comprehensions);
      else if ('symbols' in terms) for (const term of terms.symbols) this.term(term, depth, comprehensions);
      else if ('domain' in terms) this.every(terms, depth, comprehensions);
      else this.term(terms as Term, depth, comprehensions);
    }
  }

  private every({ key, value, domain, body }: Every, depth: number, comprehensions: number): void {
    for (const term of [key, value, domain]) if (term) this.term(term, depth + 1, comprehensions);
    this.body(body, depth + 1, comprehensions);
  }

  private term(term: Term, depth: number, comprehensions = 0): void {
    if (depth > MAX_NESTING) return this.say(term.location, `it must not nest deeper than ${MAX_NESTING} levels`);
    switch (term.type) {
      case 'null':
      case 'boolean':
      case 'number':
      case 'string':
        return;
      case 'var':
        if (term.value === 'data') this.foreign(term.location, ['data']);
        return;
      case 'ref':
        return this.reference(term, depth, comprehensions);
      case 'call':
        return this.call(term.value as Term[], depth, comprehensions);
      case 'array':
      case 'set':
        for (const item of term.value as Term[]) this.term(item, depth + 1, comprehensions);
        return;
      case 'object':
        for (const item of pairsOf(term).flat()) this.term(item, depth + 1, comprehensions);
        return;
      case 'arraycomprehension':
      case 'setcomprehension':
      case 'objectcomprehension':
        return this.comprehension(term, depth, comprehensions + 1);
      default:
        this.say(term.location, `${term.type} is not accepted in a module`);
    }
  }

  private comprehension(term: Term, depth: number, comprehensions: number): void {
    if (comprehensions > MAX_COMPREHENSIONS)
      return this.say(term.location, `comprehensions must not nest deeper than ${MAX_COMPREHENSIONS} levels`);
    const { body, ...terms } = term.value as { body: Expression[] } & Record<string, Term>;
    for (const part of Object.values(terms)) this.term(part, depth + 1, comprehensions);
    this.body(body, depth + 1, comprehensions);
  }

  private reference(term: Term, depth: number, comprehensions: number): void {
    const [root, ...steps] = term.value as Term[];
    if (root!.type !== 'var') this.term(root!, depth + 1, comprehensions);
    else if (root!.value === 'data') {
      const words = fixedPath(term.value as Term[]);
      if (words.slice(0, 3).join('.') !== 'data.openclaw.lib' || words.length < 4) this.foreign(term.location, words);
      else this.inLibrary(term.location, words[3]!);
    } else if (this.wholeLib.has(root!.value as string) && steps[0]?.type === 'string') {
      this.inLibrary(term.location, steps[0].value as string);
    }
    for (const step of steps) this.term(step, depth + 1, comprehensions);
  }

  private inLibrary(at: Location | undefined, name: string): void {
    if (!this.library.has(name)) this.say(at, `data.openclaw.lib has no "${name}"`);
  }

  private foreign(at: Location | undefined, words: readonly string[]): void {
    const own = words.join('.').startsWith(`data.${MODULE_PACKAGE}`);
    this.say(
      at,
      own
        ? `name a rule of the module by its name alone, without data.${MODULE_PACKAGE}`
        : `${words.join('.')}: a module sees input and what data.openclaw.lib defines, nothing else of data`,
    );
  }

  private call([operator, ...operands]: Term[], depth: number, comprehensions: number): void {
    const words = operator!.type === 'ref' ? fixedPath(operator!.value as Term[]) : [];
    const name = words.join('.');
    const isOwn = words.length > 0 && (this.own.has(words[0]!) || this.fromLib.has(words[0]!));
    const isLib = words.slice(0, 3).join('.') === 'data.openclaw.lib' && words.length > 3;
    if (!isOwn && !isLib) {
      if (words[0] === 'data') this.foreign(operator!.location, words);
      else if (!PERMITTED_BUILTINS.has(name))
        this.say(operator!.location, `the function ${name} is not permitted: ${whyRefused(name)}`);
      else this.operands(name, operands, operator!.location);
    }
    for (const operand of operands) this.term(operand, depth + 1, comprehensions);
  }

  /** Where a built-in's cost hangs on one of its operands, that one must stand in the module. */
  private operands(name: string, [first]: readonly Term[], at: Location | undefined): void {
    const text = first?.type === 'string' ? (first.value as string) : undefined;
    if (name === 'sprintf' && (text === undefined || !FORMAT.test(text)))
      this.say(first?.location ?? at, 'sprintf: the format must be a text with %s, %d, %v, %f, %q and no widths');
    if (name === 'concat' && (text === undefined || text.length > 20))
      this.say(first?.location ?? at, 'concat: the delimiter must be a text of at most 20 characters');
    if (name === 'regex.match' && (text === undefined || text.length > MAX_PATTERN))
      this.say(first?.location ?? at, `regex.match: the pattern must be a text of at most ${MAX_PATTERN} characters`);
  }

  private growth(rules: readonly Rule[]): void {
    const grown = growthOf(rules);
    for (const rule of rules) {
      const name = nameOf(rule);
      if ((grown.get(name) ?? 1) <= MAX_GROWTH) continue;
      this.rule = name;
      this.say(
        rule.location,
        `a value could be made more than ${MAX_GROWTH} times larger than the request here: use fewer steps that join values`,
      );
      grown.delete(name);
    }
  }
}

export function nameOf(rule: Rule): string {
  return String(rule.head.ref[0]?.value ?? '');
}

function pairsOf(term: Term): Term[][] {
  return term.value as Term[][];
}
