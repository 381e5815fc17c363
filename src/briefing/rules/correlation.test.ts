import { CONNECTOR_TYPES, WORK_KINDS, type WorkItem } from '#connectors';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { correlate, type Correlation, type ItemPair } from './correlation.ts';
import { workItem } from './items.fixture.ts';
import { itemKey } from './reference-index.ts';

const issue = (key: string, title: string) =>
  workItem({ id: key, names: [`key:${key}`, `url:https://acme.atlassian.net/browse/${key}`], parts: { title } });
const change = (n: number, title: string, branch = '', text = '') =>
  workItem({
    system: 'github',
    kind: 'pull_request',
    id: `acme/gateway#${n}`,
    names: [`repo:acme/gateway#${n}`],
    parts: { title, text, explicit: [branch] },
  });
const mail = (id: string, title: string, text = '') =>
  workItem({ system: 'gmail', kind: 'mail', id, names: [`mail:${id}@acme.example`], parts: { title, text } });
const groupsOf = ({ groups }: Correlation) => groups.map(({ items }) => items.map(itemKey));

describe('correlate', () => {
  const plat1 = issue('PLAT-1', 'Webhooks are lost');
  const plat2 = issue('PLAT-2', 'Exports are slow');

  it('merges a change with the issue that its branch names, and says why', () => {
    const result = correlate([plat1, change(7, 'Retry with backoff', 'fix/plat-1-retry')]);
    expect(groupsOf(result)).toEqual([['github:acme/gateway#7', 'jira:PLAT-1']]);
    const { confidence, parts } = result.groups[0]!.pairs[0]!;
    expect(confidence).toBeGreaterThanOrEqual(0.8);
    expect(parts).toMatchObject({ ids: 0.2, entities: 0.4, text: 0 });
    expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(confidence, 10);
  });

  it('shows a mention in passing as possibly related', () => {
    const result = correlate([plat1, mail('m', 'lunch', 'by the way, PLAT-1 is open')]);
    expect(result.groups).toHaveLength(2);
    expect(result.related).toMatchObject([{ a: 'gmail:m', b: 'jira:PLAT-1' }]);
  });

  it('takes a key that belongs to no known item for no reference', () => {
    const result = correlate([mail('m', 'UTF-8 names'), change(7, 'UTF-8 in lists', 'utf-8')]);
    expect(result.groups).toHaveLength(2);
    expect(result.related).toEqual([]);
  });

  it('keeps works apart that an umbrella issue, a digest or a list of minutes names', () => {
    const changes = Array.from({ length: 30 }, (_, n) => change(n, `PLAT-1: part ${n}`));
    const digest = mail(
      'digest',
      '2 issues',
      'https://acme.atlassian.net/browse/PLAT-1 https://acme.atlassian.net/browse/PLAT-2',
    );
    expect(correlate([plat1, plat2, ...changes, digest]).groups).toHaveLength(33);
  });

  it('follows the title of a change whose text lists many other issues', () => {
    const others = Array.from({ length: 20 }, (_, n) => issue(`PLAT-${n + 10}`, `Other ${n}`));
    const listing = change(7, 'PLAT-1: retry', '', others.map(({ id }) => id).join(' '));
    expect(groupsOf(correlate([plat1, ...others, listing]))).toContainEqual(['github:acme/gateway#7', 'jira:PLAT-1']);
  });

  it('takes a name that two items claim for the name of neither', () => {
    const twin = { ...plat1, id: 'OTHER-1', system: 'github' as const };
    expect(correlate([plat1, twin, mail('m', 'PLAT-1 please')]).groups).toHaveLength(3);
  });

  it('lets people merge what does not look alike, even two issues', () => {
    const decisions = { merged: [['jira:PLAT-1', 'jira:PLAT-2']] as ItemPair[], split: [] };
    expect(groupsOf(correlate([plat1, plat2], decisions))).toEqual([['jira:PLAT-1', 'jira:PLAT-2']]);
  });

  it('keeps apart what people split, through third items too, and does not ask again', () => {
    const items = [plat1, change(7, 'PLAT-1: retry'), mail('m', 'PLAT-1 retry', '')];
    const split = [['github:acme/gateway#7', 'gmail:m']] as ItemPair[];
    const result = correlate(items, { merged: [], split });
    expect(groupsOf(result).some((group) => group.includes('gmail:m') && group.includes('github:acme/gateway#7'))).toBe(
      false,
    );
    expect(result.related.some(({ a, b }) => a === 'github:acme/gateway#7' && b === 'gmail:m')).toBe(false);
  });

  it('keeps the newest of two items with one key, and passes over decisions about unknown ones', () => {
    const newer = { ...plat1, title: 'Newer', updatedAt: '2026-11-21T08:00:00.000Z' };
    const decisions = { merged: [['jira:PLAT-1', 'jira:GONE-1']] as ItemPair[], split: [['x', 'y']] as ItemPair[] };
    expect(correlate([newer, plat1], decisions).groups).toMatchObject([{ items: [{ title: 'Newer' }] }]);
  });

  it('takes anything that has the shape of items: empty, unreadable times, a thousand claims on one name', () => {
    expect(correlate([]).groups).toEqual([]);
    const odd = Array.from({ length: 1_000 }, (_, i) =>
      workItem({ id: `I-${i}`, names: ['key:SAME-1'], createdAt: 'never', updatedAt: '', parts: { title: 'SAME-1' } }),
    );
    expect(correlate(odd).groups).toHaveLength(1_000);
  });
});

/** Few names and words, so that items meet often. */
const anyItem: fc.Arbitrary<WorkItem> = fc
  .record({
    system: fc.constantFrom(...CONNECTOR_TYPES),
    kind: fc.constantFrom(...WORK_KINDS),
    n: fc.nat(12),
    names: fc.array(fc.nat(12), { maxLength: 2 }),
    refs: fc.array(fc.record({ to: fc.nat(14), explicit: fc.boolean() }), { maxLength: 4 }),
    title: fc.array(fc.constantFrom('retry', 'export', 'login', '1.2', '1.3', 'report'), { maxLength: 3 }),
    hour: fc.nat(100),
  })
  .map(({ system, kind, n, names, refs, title, hour }) => {
    const time = new Date(Date.UTC(2026, 10, 1, hour)).toISOString();
    return workItem({
      system,
      kind,
      id: `i${n}`,
      names: names.map((name) => `key:K-${name}`),
      references: refs.map(({ to, explicit }) => ({
        to: to < 13 ? `key:K-${to}` : `url:https://x.example/${to}`,
        explicit,
      })),
      createdAt: time,
      updatedAt: time,
      title: title.join(' '),
      words: [...new Set(title)].sort(),
    });
  });
const anyItems = fc.uniqueArray(anyItem, { maxLength: 25, selector: itemKey });
const anyDecisions = (items: readonly WorkItem[]) => {
  const pair = fc.tuple(fc.nat(), fc.nat()).map(([a, b]): ItemPair => {
    const at = (i: number) => (items.length === 0 ? 'none' : itemKey(items[i % items.length]!));
    return [at(a), at(b)];
  });
  return fc.record({ merged: fc.array(pair, { maxLength: 4 }), split: fc.array(pair, { maxLength: 4 }) });
};
const anyWorld = anyItems.chain((items) =>
  fc.record({
    items: fc.constant(items),
    shuffled: fc.shuffledSubarray(items, { minLength: items.length }),
    decisions: anyDecisions(items),
  }),
);

describe('correlate, whatever it is given', () => {
  it('puts every item in exactly one group, whatever the order of items and decisions', () => {
    fc.assert(
      fc.property(anyWorld, ({ items, shuffled, decisions }) => {
        const result = correlate(items, decisions);
        const turned = (pairs: readonly ItemPair[]) => [...pairs].reverse().map(([a, b]): ItemPair => [b, a]);
        const again = { merged: turned(decisions.merged), split: turned(decisions.split) };
        expect(correlate(shuffled, again)).toEqual(result);
        expect(groupsOf(result).flat().sort()).toEqual(items.map(itemKey).sort());
      }),
      { numRuns: 300 },
    );
  });

  it('never has a split pair in one group, and every merged pair unless a split stands against it', () => {
    fc.assert(
      fc.property(anyWorld, ({ items, decisions }) => {
        const groupOf = new Map(
          groupsOf(correlate(items, decisions)).flatMap((keys, g) => keys.map((key) => [key, g])),
        );
        const together = ([a, b]: ItemPair) => groupOf.get(a) === groupOf.get(b);
        for (const pair of decisions.split) if (pair[0] !== pair[1]) expect(together(pair)).toBe(false);
        const free = new Map(
          groupsOf(correlate(items, { ...decisions, split: [] })).flatMap((keys, g) => keys.map((key) => [key, g])),
        );
        for (const [a, b] of decisions.merged) {
          expect(free.get(a)).toBe(free.get(b));
          if (decisions.split.length === 0) expect(together([a, b])).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has confidences from 0 to 1 that are the sums of their parts, and related pairs in different groups', () => {
    fc.assert(
      fc.property(anyItems, (items) => {
        const { groups, related } = correlate(items);
        for (const { confidence, parts } of [...related, ...groups.flatMap(({ pairs }) => pairs)]) {
          expect(confidence).toBeGreaterThanOrEqual(0.5);
          expect(confidence).toBeLessThanOrEqual(1);
          expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(confidence, 10);
        }
        for (const { pairs } of groups)
          for (const { confidence } of pairs) expect(confidence).toBeGreaterThanOrEqual(0.8);
      }),
      { numRuns: 300 },
    );
  });
});
