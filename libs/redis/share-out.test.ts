import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shareOut } from './share-out.ts';

test('calls that are counted together fare as if they had been counted one by one', () => {
  const cost = fc.integer({ min: 1, max: 20 });
  fc.assert(
    fc.property(fc.array(fc.array(cost, { minLength: 1 })), fc.integer({ min: 1, max: 200 }), (batches, points) => {
      let consumed = 0;
      const oneByOne = batches.flat().map((its) => (consumed += its) <= points);
      let total = 0;
      const together = batches.flatMap((costs) => {
        total += costs.reduce((sum, its) => sum + its, 0);
        return shareOut(costs, total, points);
      });
      expect(together).toEqual(oneByOne);
    }),
  );
});
