import { correlate } from '#briefing';
import type { WorkItem } from '#connectors';
import { describe, expect, it } from '@jest/globals';
import { contextItems } from './context.ts';

const comparisonsAnItem = (items: readonly WorkItem[]) => correlate(items).comparisons / items.length;

describe('the cost of correlating', () => {
  it('is as many comparisons an item for 8,000 items as for 800', () => {
    const [few, many] = [comparisonsAnItem(contextItems(800)), comparisonsAnItem(contextItems(8_000))];
    expect(few).toBeGreaterThan(5);
    expect(many).toBeLessThan(1.2 * few);
  });

  it.each<[string, (item: WorkItem, i: number) => WorkItem]>([
    ['all name one thing', (item) => ({ ...item, references: [{ to: 'key:CTX-1', explicit: true }] })],
    ['all share a link', (item) => ({ ...item, references: [{ to: 'url:https://x.example/a', explicit: true }] })],
    [
      'all have one title and the same words',
      (item) => ({ ...item, title: 'the same old report', words: ['old', 'report'] }),
    ],
    [
      'each names a hundred of a hundred things',
      (item) => ({
        ...item,
        references: Array.from({ length: 100 }, (_, n) => ({ to: `url:https://x.example/${n}`, explicit: true })),
      }),
    ],
    [
      'each names a hundred items',
      (item, i) => ({
        ...item,
        references: Array.from({ length: 100 }, (_, n) => ({
          to: `key:CTX-${((i * 31 + n * 17) % 400) + 1}`,
          explicit: true,
        })),
      }),
    ],
  ])('stays bounded where %s', (_, make) => {
    expect(comparisonsAnItem(contextItems(800).map(make))).toBeLessThan(100);
  });
});
