import type { WorkItem } from '#connectors';
import { correlate } from '#briefing';
import type { LabelledCase } from './labelled.ts';

export interface Precision {
  readonly name: string;
  /** Pairs that carry a label. */
  readonly labelled: number;
  readonly same: number;
  readonly precision: number;
  readonly recall: number;
  /** One line each: what was merged and should not, what was not and should. */
  readonly failures: readonly string[];
}

/**
 * Correlates all cases at once among context items, and compares pair by pair with the labels. A merge across cases, or with a
 * context item, counts as wrong too.
 */
export function measure(name: string, cases: readonly LabelledCase[], context: readonly WorkItem[]): Precision {
  const { groups } = correlate([...context, ...cases.flatMap((one) => one.items)]);
  const caseOf = new Map(cases.flatMap((one) => one.items.map((item) => [key(item), one.name] as const)));
  const titles = new Map(cases.flatMap((one) => one.items.map((item) => [key(item), item.title] as const)));
  const merged = new Set(groups.flatMap(({ items }) => pairsOf(items.map(key)).filter((pair) => isOurs(pair, caseOf))));
  const same = new Set(cases.flatMap((one) => one.same.flatMap((group) => pairsOf(group))));
  const labelled = cases.reduce((sum, { items }) => sum + (items.length * (items.length - 1)) / 2, 0);
  const right = [...merged].filter((pair) => same.has(pair)).length;
  const line = (what: string, pair: string) => {
    const [a, b] = pair.split('\n') as [string, string];
    return `${what}  ${caseOf.get(a) ?? caseOf.get(b)}: ${a} "${titles.get(a) ?? 'context'}" / ${b} "${titles.get(b) ?? 'context'}"`;
  };
  return {
    name,
    labelled,
    same: same.size,
    precision: merged.size === 0 ? 1 : right / merged.size,
    recall: same.size === 0 ? 1 : right / same.size,
    failures: [
      ...[...merged].filter((pair) => !same.has(pair)).map((pair) => line('wrongly merged', pair)),
      ...[...same].filter((pair) => !merged.has(pair)).map((pair) => line('not merged    ', pair)),
    ],
  };
}

const key = (item: WorkItem) => `${item.system}:${item.id}`;

function isOurs(pair: string, caseOf: ReadonlyMap<string, string>): boolean {
  return pair.split('\n').some((one) => caseOf.has(one));
}

function pairsOf(keys: readonly string[]): string[] {
  const sorted = [...keys].sort();
  return sorted.flatMap((a, i) => sorted.slice(i + 1).map((b) => `${a}\n${b}`));
}
