import { type Every, type Expression, fixedPath, type Rule, type Term } from './ast.ts';
import { GROWING_BUILTINS } from './builtins.ts';

/**
 * How many times larger than the largest thing a rule reads its values may become, by rule: an upper bound.
 *
 * Rego has no recursion, and iterating takes time that OPA's cancelling bounds. What neither bounds is joining: thirty
 * rules that each double a text make a gigabyte in no time. So every step that joins values counts as a factor, the
 * number of values it joins; factors multiply along the longest chain of rules. (`opa check` refuses recursion.)
 */
export function growthOf(rules: readonly Rule[]): Map<string, number> {
  const byName = new Map<string, Rule[]>();
  for (const rule of rules) {
    const name = String(rule.head.ref[0]?.value ?? '');
    byName.set(name, [...(byName.get(name) ?? []), rule]);
  }
  const known = new Map<string, number>();
  const growth = (name: string): number => {
    const before = known.get(name);
    if (before !== undefined) return before;
    known.set(name, 1);
    const bound = Math.max(
      1,
      ...byName
        .get(name)!
        .flatMap(branches)
        .map((branch) => branchGrowth(branch, byName, growth)),
    );
    known.set(name, bound);
    return bound;
  };
  for (const name of byName.keys()) growth(name);
  return known;
}

/** A rule and its `else`s: one of them makes the value. */
function branches(rule: Rule): Rule[] {
  return [rule, ...(rule.else ? branches(rule.else) : [])];
}

function branchGrowth(rule: Rule, own: ReadonlyMap<string, unknown>, growth: (name: string) => number): number {
  let [factor, deepest] = [1, 1];
  const visit = (term: Term | null | undefined): void => {
    if (!term) return;
    switch (term.type) {
      case 'array':
      case 'set':
      case 'object': {
        const parts = (term.value as (Term | Term[])[]).flat();
        factor *= Math.max(1, parts.filter(varies).length);
        parts.forEach(visit);
        return;
      }
      case 'ref':
        return reference(term.value as Term[]);
      case 'call':
        return call(term.value as Term[]);
      case 'arraycomprehension':
      case 'setcomprehension':
      case 'objectcomprehension': {
        const { body: inner, ...parts } = term.value as { body: Expression[] } & Record<string, Term>;
        Object.values(parts).forEach(visit);
        return body(inner);
      }
    }
    if (term.type === 'var' && own.has(term.value as string)) deepest = Math.max(deepest, growth(term.value as string));
  };
  const reference = ([root, ...steps]: Term[]) => {
    visit(root);
    steps.forEach(visit);
  };
  const call = ([operator, ...operands]: Term[]) => {
    const words = fixedPath(operator!.value as Term[]);
    if (GROWING_BUILTINS.has(words.join('.'))) factor *= Math.max(1, operands.filter(varies).length);
    if (own.has(words[0]!)) factor *= growth(words[0]!);
    operands.forEach(visit);
  };
  const body = (expressions: readonly Expression[]) => {
    for (const { terms } of expressions) {
      if (Array.isArray(terms)) call(terms as Term[]);
      else if ('symbols' in terms) terms.symbols.forEach(visit);
      else if ('domain' in terms) {
        const every = terms as Every;
        [every.key, every.value, every.domain].forEach(visit);
        body(every.body);
      } else visit(terms as Term);
    }
  };
  const { head } = rule;
  [...head.ref.slice(1), ...(head.args ?? []), head.key, head.value].forEach(visit);
  body(rule.body);
  return factor * deepest;
}

function varies(term: Term): boolean {
  return !['null', 'boolean', 'number', 'string'].includes(term.type);
}
