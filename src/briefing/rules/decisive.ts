import type { WorkItem, WorkKind } from '#connectors';
import type { ReferenceIndex } from './reference-index.ts';

/** So many of a kind may point at one item as parts of its work; more make it an umbrella over works of their own. */
const MOST_OF_KIND: Readonly<Record<WorkKind, number>> = {
  mail: 10,
  meeting: 3,
  issue: 1,
  pull_request: 3,
  document: 4,
};
const MOST_AMBIGUOUS = 6;
const STANDING =
  /(?<![\p{L}\p{N}])(?:template|vorlage|muster|handbook|handbuch|guidelines?|leitfaden|richtlinien?|wiki|faq|policy|onboarding|runbook|glossary|glossar)/iu;
const STANDS_MS = 180 * 86_400_000;

/** Pairs [who points, at whom], whose reference is explicit and unambiguous. */
export type DecisivePairs = readonly (readonly [number, number])[];

/**
 * The references that decide by themselves. An item points at one thing only: the one in its title, else the one issue, else the
 * one other thing that it names explicitly; where it names several, these must be one work already. No reference decides
 * between two things of a kind in one system (a backport is not what it ports), except from mail to mail; nor towards what
 * many point at, or a standing document such as a template.
 */
export function decisivePairs(index: ReferenceIndex): DecisivePairs {
  const clear: (readonly [number, number])[] = [];
  const open: (readonly [number, readonly number[]])[] = [];
  index.items.forEach((item, i) => {
    const named = index.namedExplicitly(i).filter((other) => mayDecide(item, index.items[other]!));
    if (named.length === 0) return;
    for (const target of named.filter((other) => isThread(item, index.items[other]!))) clear.push([i, target]);
    const others = named.filter((other) => !isThread(item, index.items[other]!));
    const tier = foremost(index, i, others);
    if (tier.length === 1) clear.push([i, tier[0]!]);
    else if (tier.length > 1 && tier.length <= MOST_AMBIGUOUS) open.push([i, tier]);
  });
  const certain = withoutUmbrellas(index, clear);
  return withoutUmbrellas(index, [...clear, ...settled(index, certain, open)]);
}

function mayDecide(item: WorkItem, other: WorkItem): boolean {
  if (item.system === other.system && item.kind === other.kind) return item.kind === 'mail';
  if (other.kind !== 'document') return true;
  return !STANDING.test(other.title) && Date.parse(item.createdAt) - Date.parse(other.updatedAt) < STANDS_MS;
}

const isThread = (item: WorkItem, other: WorkItem) => item.kind === 'mail' && other.kind === 'mail';

function foremost(index: ReferenceIndex, item: number, named: readonly number[]): readonly number[] {
  const title = index.items[item]!.title.toUpperCase();
  const inTitle = named.filter((other) => isIn(title, index.items[other]!));
  if (inTitle.length > 0) return inTitle;
  const issues = named.filter((other) => index.items[other]!.kind === 'issue');
  return issues.length > 0 ? issues : named;
}

function isIn(title: string, { names }: WorkItem): boolean {
  return names.some((name) => name.startsWith('key:') && title.includes(name.slice(4).toUpperCase()));
}

/** Ambiguous items whose targets the clear pairs have made one already. */
function settled(
  index: ReferenceIndex,
  clear: DecisivePairs,
  open: readonly (readonly [number, readonly number[]])[],
): (readonly [number, number])[] {
  const parent = index.items.map((_, i) => i);
  const root = (i: number): number => (parent[i] === i ? i : (parent[i] = root(parent[i]!)));
  for (const [a, b] of clear) parent[root(a)] = root(b);
  return open
    .filter(([, targets]) => new Set(targets.map(root)).size === 1)
    .map(([item, targets]) => [item, Math.min(...targets)] as const);
}

function withoutUmbrellas(index: ReferenceIndex, pairs: DecisivePairs): DecisivePairs {
  const counts = new Map<string, number>();
  const slot = (from: number, to: number) => `${to}:${index.items[from]!.system}:${index.items[from]!.kind}`;
  for (const [from, to] of pairs) counts.set(slot(from, to), (counts.get(slot(from, to)) ?? 0) + 1);
  return pairs.filter(([from, to]) => counts.get(slot(from, to))! <= MOST_OF_KIND[index.items[from]!.kind]);
}
