import type { WorkItem } from '#connectors';
import type { ReferenceIndex } from './reference-index.ts';

/** Where a confidence comes from; the parts add up to it. Source: DOMAIN rules, section 4, "Correlation". */
export interface ConfidenceParts {
  /** What an explicit, unambiguous reference adds to reach 0.8; below 0 where likeness alone may not merge; else 0. */
  readonly reference: number;
  /** 0 or 0.2: one names the other, or both name the same known item. */
  readonly ids: number;
  /** 0–0.4: things that both name, each by how telling it is. */
  readonly entities: number;
  /** 0–0.3: Jaccard of the words, or of the title's words where that is more. */
  readonly text: number;
  /** 0–0.1: falls from the same time to 48 hours apart. */
  readonly time: number;
}

export const MERGED_FROM = 0.8;
export const RELATED_FROM = 0.5;
/** Looks like the same work, but something says that a person has to decide. */
const JUST_RELATED = MERGED_FROM - 0.01;
const NEAR_MS = 48 * 3_600_000;

/**
 * How surely two items are the same work, 0–1, and why.
 * @param a positions of the items in the index
 * @param decisive one points at the other, and at that one only
 */
export function confidence(
  index: ReferenceIndex,
  a: number,
  b: number,
  decisive: boolean,
): { readonly confidence: number; readonly parts: ConfidenceParts } {
  const [one, other] = [index.items[a]!, index.items[b]!];
  const ids = index.mentions(a, b) || index.mentions(b, a) || index.shareKnown(a, b) ? 0.2 : 0;
  const entities = rounded(0.4 * Math.min(1, index.sharedWeight(a, b)));
  const text = rounded(0.3 * Math.max(jaccard(one.words, other.words), jaccard(index.titles[a]!, index.titles[b]!)));
  const time = rounded(0.1 * Math.max(0, 1 - gap(one, other) / NEAR_MS));
  const sum = rounded(ids + entities + text + time);
  const most = mayMergeByLikeness(one, other, index.titles[a]!, index.titles[b]!) ? 1 : JUST_RELATED;
  const total = decisive ? Math.max(MERGED_FROM, sum) : Math.min(most, sum);
  return { confidence: total, parts: { reference: rounded(total - sum), ids, entities, text, time } };
}

/** To four places, so that parts add up and nothing is a hair above 1. */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/**
 * Two things of a kind in one system were made as two by somebody who saw both, and titles with other numbers in them (weeks,
 * versions, invoices) are a series: likeness alone merges neither.
 */
function mayMergeByLikeness(one: WorkItem, other: WorkItem, a: readonly string[], b: readonly string[]): boolean {
  if (one.system === other.system && one.kind === other.kind) return false;
  const numbers = (title: readonly string[]) => title.filter((word) => /\p{N}/u.test(word));
  const [x, y] = [numbers(a), numbers(b)];
  return x.every((number) => y.includes(number)) || y.every((number) => x.includes(number));
}

/** Of two sorted lists of distinct words: shared ÷ all; 0 where both are empty. */
export function jaccard(a: readonly string[], b: readonly string[]): number {
  let [i, j, shared] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const [x, y] = [a[i]!, b[j]!];
    if (x === y) shared += 1;
    if (x <= y) i += 1;
    if (y <= x) j += 1;
  }
  const all = a.length + b.length - shared;
  return all === 0 ? 0 : shared / all;
}

/** Milliseconds between the spans in which two items lived; 0 where these overlap or a time cannot be read as infinity. */
function gap(one: WorkItem, other: WorkItem): number {
  const apart = Math.max(
    Date.parse(one.createdAt) - Date.parse(other.updatedAt),
    Date.parse(other.createdAt) - Date.parse(one.updatedAt),
  );
  return Number.isNaN(apart) ? Infinity : Math.max(0, apart);
}
