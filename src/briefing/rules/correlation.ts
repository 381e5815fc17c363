import type { WorkItem } from '#connectors';
import { Clusters } from './clusters.ts';
import { decisivePairs } from './decisive.ts';
import { itemKey, ReferenceIndex } from './reference-index.ts';
import { confidence, MERGED_FROM, RELATED_FROM, type ConfidenceParts } from './similarity.ts';

/** Two items, each as `system:id`. */
export type ItemPair = readonly [string, string];

/** What people have said; outranks all that follows. Items that are not there are passed over. */
export interface PeoplesDecisions {
  readonly merged: readonly ItemPair[];
  /** Never in one group, not even through third items. Outranks `merged`. */
  readonly split: readonly ItemPair[];
}

export interface Correlated {
  readonly a: string;
  readonly b: string;
  /** 0–1. */
  readonly confidence: number;
  readonly parts: ConfidenceParts;
}

export interface Correlation {
  /** Every item in exactly one group; groups and their items in the order of their keys. */
  readonly groups: readonly {
    readonly items: readonly WorkItem[];
    /** The pairs that made the group; none where people did. */
    readonly pairs: readonly Correlated[];
  }[];
  /** Possibly the same work: 0.5 or more and in different groups; the surest first. Not for pairs that people split. */
  readonly related: readonly Correlated[];
  /** Pairs that were compared: what the cost is made of. */
  readonly comparisons: number;
}

/**
 * Which items of one person are one piece of work. The result does not depend on the order of the input; of items with the same
 * key the one updated last counts. Cost n log n. Source: DOMAIN rules, section 4; docs/briefing-rules.md tells it by example.
 */
export function correlate(
  all: readonly WorkItem[],
  decisions: PeoplesDecisions = { merged: [], split: [] },
): Correlation {
  const items = distinct(all);
  const keys = items.map(itemKey);
  const positions = new Map(keys.map((key, i) => [key, i]));
  const index = new ReferenceIndex(items);
  const known = (pairs: readonly ItemPair[]) =>
    pairs
      .map(([a, b]) => [positions.get(a), positions.get(b)])
      .filter((pair): pair is [number, number] => pair[0] !== undefined && pair[1] !== undefined && pair[0] !== pair[1])
      .map(([a, b]): [number, number] => (a < b ? [a, b] : [b, a]))
      .sort(([a, b], [c, d]) => a - c || b - d);
  const split = known(decisions.split);
  const clusters = new Clusters(items.map(only), split);
  for (const [a, b] of known(decisions.merged)) clusters.join(a, b, true);

  const found = compare(index, keys);
  const sure = found.pairs.filter((pair) => pair.confidence >= MERGED_FROM);
  // What is said outright comes before what only looks alike, so that likeness cannot take an item away from its issue.
  const inTurn = [...sure.filter((pair) => pair.decisive), ...sure.filter((pair) => !pair.decisive)];
  const made = inTurn.filter(({ at: [a, b] }) => clusters.join(a, b));
  const splitKeys = new Set(split.map(([a, b]) => `${a} ${b}`));
  return {
    groups: grouped(items, clusters, made),
    related: found.pairs
      .filter(({ at: [a, b] }) => clusters.root(a) !== clusters.root(b) && !splitKeys.has(`${a} ${b}`))
      .map(shown),
    comparisons: found.comparisons,
  };
}

interface Found extends Correlated {
  readonly at: readonly [number, number];
  readonly decisive: boolean;
}

function compare(index: ReferenceIndex, keys: readonly string[]): { pairs: Found[]; comparisons: number } {
  const deciding = decisivePairs(index);
  const decisive = new Set(deciding.map(([a, b]) => `${Math.min(a, b)} ${Math.max(a, b)}`));
  const pairs: Found[] = [];
  let comparisons = 0;
  for (const at of index.candidates(deciding)) {
    comparisons += 1;
    const isDecisive = decisive.has(`${at[0]} ${at[1]}`);
    const result = confidence(index, at[0], at[1], isDecisive);
    if (result.confidence >= RELATED_FROM)
      pairs.push({ a: keys[at[0]]!, b: keys[at[1]]!, ...result, at, decisive: isDecisive });
  }
  pairs.sort((x, y) => y.confidence - x.confidence || x.at[0] - y.at[0] || x.at[1] - y.at[1]);
  return { pairs, comparisons };
}

function distinct(all: readonly WorkItem[]): WorkItem[] {
  const newest = new Map<string, WorkItem>();
  for (const item of all) {
    const before = newest.get(itemKey(item));
    if (before === undefined || before.updatedAt < item.updatedAt) newest.set(itemKey(item), item);
  }
  return [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

/** Two issues of one tracker are two pieces of work, whatever mails point at both. */
function only(item: WorkItem): string | null {
  return item.kind === 'issue' ? item.system : null;
}

function grouped(items: readonly WorkItem[], clusters: Clusters, made: readonly Found[]): Correlation['groups'] {
  const groups = new Map<number, { items: WorkItem[]; pairs: Correlated[] }>();
  items.forEach((item, i) => {
    const root = clusters.root(i);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, { items: [item], pairs: [] });
    else group.items.push(item);
  });
  for (const pair of made) groups.get(clusters.root(pair.at[0]))?.pairs.push(shown(pair));
  return [...groups.values()];
}

function shown({ a, b, confidence, parts }: Found): Correlated {
  return { a, b, confidence, parts };
}
