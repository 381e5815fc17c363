import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { workItem } from './items.fixture.ts';
import { rank, score } from './scoring.ts';
import { seniorityFor, type ChainLink } from './seniority.ts';

// A Wednesday, ten in the morning in Berlin.
const now = Date.parse('2026-11-25T09:00:00Z');
const context = { now, zone: 'Europe/Berlin', seniorityOf: () => 0 };
const partsOf = (item: Parameters<typeof workItem>[0]) =>
  score({ id: 't', items: [workItem(item)] }, context).scoreParts;

describe('score', () => {
  it.each([
    ['2026-11-20', 30], ['2026-11-25', 30], ['2026-11-26', 26], ['2026-11-27', 21], ['2026-11-28', 21],
    ['2026-11-30', 17], ['2026-12-03', 4], ['2026-12-04', 0], ['2027-11-25', 0], ['9999-12-31', 0], ['soon', 0],
    ['2026-11-25T22:00:00Z', 30], ['2026-11-25T23:00:00Z', 26],
  ])('gives a deadline of %s %i points', (deadline, points) => expect(partsOf({ deadline }).deadline).toBe(points)); // prettier-ignore

  it.each([[0, 0], [1, 7], [2, 14], [3, 20], [99, 20], [-1, 0]])('gives %i follow-ups %i points', (followUps, points) =>
    expect(partsOf({ followUps }).followUps).toBe(points)); // prettier-ignore

  it.each([[0, 0], [1, 5], [3, 15], [9, 15]])('gives %i who wait %i points', (blocks, points) =>
    expect(partsOf({ blocks }).blocking).toBe(points)); // prettier-ignore

  it.each([
    ['2026-11-25T09:00:00Z', '2026-11-25T11:00:00Z', 0],
    ['2026-11-25T08:00:00Z', '2026-11-25T10:00:00Z', 10],
    ['2026-11-24T08:00:00Z', '2026-11-25T09:00:00Z', 20],
    ['2026-11-26T08:00:00Z', '2026-11-27T08:00:00Z', 0],
    ['never', 'ever', 0],
  ])('gives a promise from %s until %s %i points', (from, until, points) =>
    expect(partsOf({ sla: { from, until } }).sla).toBe(points),
  );

  it('takes the strongest of the open items, and nothing of those that are done', () => {
    const done = { at: '2026-11-24T08:00:00Z', how: 'closed' as const };
    const items = [workItem({ followUps: 3, done }), workItem({ followUps: 1 }), workItem({ followUps: 2, blocks: 1 })];
    expect(score({ id: 't', items }, context)).toMatchObject({ score: 19, scoreParts: { followUps: 14, blocking: 5 } });
  });

  it('is the sum of integer parts within their bounds, whatever the items hold', () => {
    const when = fc.option(
      fc.oneof(
        fc.string(),
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
        fc.constant('2026-12-01'),
      ),
    );
    const item = fc.record({
      deadline: when,
      asker: fc.option(fc.string()),
      followUps: fc.double(),
      blocks: fc.double(),
      from: fc.string(),
      until: when,
    });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 4 }), fc.double(), (drawn, seniority) => {
        const items = drawn.map(({ from, until, ...fields }) =>
          workItem({ ...fields, sla: until === null ? null : { from, until } }),
        );
        const { score: total, scoreParts } = score({ id: 't', items }, { ...context, seniorityOf: () => seniority });
        const most = { deadline: 30, seniority: 15, followUps: 20, sla: 20, blocking: 15 };
        for (const [part, points] of Object.entries(scoreParts) as [keyof typeof most, number][]) {
          expect(Number.isInteger(points)).toBe(true);
          expect(points).toBeGreaterThanOrEqual(0);
          expect(points).toBeLessThanOrEqual(most[part]);
        }
        expect(total).toBe(Object.values(scoreParts).reduce((sum, points) => sum + points, 0));
      }),
    );
  });
});

describe('rank', () => {
  it('breaks ties by the earlier deadline, then the older', () => {
    const task = (id: string, fields: Parameters<typeof workItem>[0]) => ({ id, items: [workItem(fields)] });
    const ranked = rank(
      [
        task('old', { createdAt: '2026-01-01T00:00:00Z' }),
        task('older', { createdAt: '2025-01-01T00:00:00Z' }),
        task('later', { deadline: '2027-02-01' }),
        task('sooner', { deadline: '2027-01-01' }),
        task('first', { followUps: 1 }),
      ],
      context,
    );
    expect(ranked.map(({ id }) => id)).toEqual(['first', 'sooner', 'later', 'older', 'old']);
    expect(ranked[1]).toMatchObject({ score: 0, deadline: '2027-01-01' });
  });
});

describe('seniorityFor', () => {
  const link = (id: string, managerId: string | null): ChainLink => ({ id, managerId, email: `${id}@acme.example` });
  const directory = [link('ceo', null), link('vp', 'ceo'), link('lead', 'vp'), link('me', 'lead'), link('peer', 'lead'),
    link('othervp', 'ceo'), link('report', 'me'), link('loop', 'pool'), link('pool', 'loop')]; // prettier-ignore
  const of = seniorityFor('me', directory);
  it.each([['ceo', 15], ['vp', 10], ['lead', 5], ['othervp', 7], ['peer', 0], ['report', 0], ['me', 0], ['nobody', 0]])(
    'gives %s %i points', (id, points) => expect(of(`${id}@acme.example`)).toBe(points)); // prettier-ignore
  it('gives the only manager all points, and the top none of its own', () => {
    expect(seniorityFor('vp', directory)('ceo@acme.example')).toBe(15);
    expect(seniorityFor('ceo', directory)('vp@acme.example')).toBe(0);
  });
  it('ends at a circle in the directory', () => expect(seniorityFor('loop', directory)('pool@acme.example')).toBe(15));
});
