import { type Expression, fixedPath, type Module, type Term } from './ast.ts';

const LARGE = 300;
const MAX_ACTIONS = 6;

/**
 * Requests to try a module with before it decides anything: for the actions it names and one it does not, everything it
 * reads of `context` and `resource.attributes` is there as a number, a text, a switch and a long list in turn.
 */
export function sampleInputs(module: Module): Record<string, unknown>[] {
  const { read, texts } = whatItReads(module);
  const named = [...texts].filter((text) => /^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}$/.test(text)).slice(0, MAX_ACTIONS);
  const list = Array.from({ length: LARGE }, (_, n) => `person${n}@example.test`);
  const values = [
    1e6,
    'a text of some length '.repeat(20),
    true,
    list,
    Object.fromEntries(list.map((key) => [key, 1])),
  ];
  return [...named, 'sample_action'].flatMap((action) =>
    values.map((value) => {
      const input: Record<string, unknown> = {
        tenant: 'sample',
        action,
        subject: { userId: 'sample', orgId: 'sample', teamIds: ['sample'] },
        path: [
          { scope: 'enterprise', id: 'sample' },
          { scope: 'org', id: 'sample' },
          { scope: 'user', id: 'sample' },
        ],
        resource: { type: 'sample', connector: 'gmail', classification: 'internal', attributes: {} },
        context: {},
      };
      for (const path of read) place(input, path, value);
      return input;
    }),
  );
}

/** Sets what lies below `context` and `resource.attributes`; the rest has a shape that callers cannot change. */
function place(input: Record<string, unknown>, [first, second, ...rest]: readonly string[], value: unknown): void {
  const path =
    first === 'context' && second !== undefined
      ? ['context', second, ...rest]
      : first === 'resource' && second === 'attributes' && rest.length > 0
        ? ['resource', 'attributes', ...rest]
        : undefined;
  if (!path) return;
  let at = input;
  for (const word of path.slice(0, -1)) {
    const next = Object.hasOwn(at, word) ? at[word] : undefined;
    if (typeof next !== 'object' || next === null || Array.isArray(next)) at[word] = Object.create(null);
    at = at[word] as Record<string, unknown>;
  }
  at[path.at(-1)!] = value;
}

/** The patterns that the module matches against; the built-in says nothing of a wrong one, and never matches. */
export function patternsOf(module: Module): string[] {
  const patterns = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) {
      const [operator, first] = node as [Term | undefined, Term | undefined];
      const isMatch = operator?.type === 'ref' && fixedPath(operator.value as Term[]).join('.') === 'regex.match';
      if (isMatch && first?.type === 'string') patterns.add(first.value as string);
    }
    for (const [key, value] of Object.entries(node)) if (key !== 'location') visit(value);
  };
  visit(module.rules);
  return [...patterns];
}

function whatItReads(module: Module): { read: string[][]; texts: Set<string> } {
  const read = new Map<string, string[]>();
  const texts = new Set<string>();
  const imported = new Map(
    (module.imports ?? []).flatMap(({ path, alias }) => {
      const words = fixedPath(path.value as Term[]);
      return words[0] === 'input' && words.length > 1 ? [[alias ?? words.at(-1)!, words] as const] : [];
    }),
  );
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) return node.forEach(visit);
    const term = node as Term & Partial<Expression>;
    if (term.type === 'string') texts.add(term.value as string);
    if (term.type === 'ref' && Array.isArray(term.value)) {
      const words = fixedPath(term.value as Term[]);
      const whole = words[0] === 'input' ? words : [...(imported.get(words[0] ?? '') ?? []), ...words.slice(1)];
      if (whole[0] === 'input') read.set(JSON.stringify(whole), whole.slice(1));
      if (words.length === term.value.length) return;
    }
    for (const [key, value] of Object.entries(node)) if (key !== 'location') visit(value);
  };
  visit(module.rules);
  return { read: [...read.values()], texts };
}
