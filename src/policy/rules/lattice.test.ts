import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CLASSIFICATIONS } from '#libs/classification';
import { AUTONOMY } from './autonomy.ts';
import { PERMISSIONS } from './domains.ts';
import * as lattice from './lattice.ts';
import { type MergeRule } from './lattice.ts';

const names = fc.subarray(['a', 'b', 'c']);
const RULES: [string, MergeRule<unknown>, fc.Arbitrary<unknown>][] = [
  ['strictest', lattice.strictest, fc.constantFrom(...AUTONOMY)],
  ['lowestLabel', lattice.lowestLabel, fc.constantFrom(...CLASSIFICATIONS)],
  ['highestLabel', lattice.highestLabel, fc.constantFrom(...CLASSIFICATIONS)],
  ['allowed', lattice.allowed, names],
  ['freedom', lattice.freedom, fc.boolean()],
  ['duty', lattice.duty, fc.boolean()],
  ['atMost', lattice.atMost, fc.integer()],
  ['atLeast', lattice.atLeast, fc.integer()],
  ['leastAccess', lattice.leastAccess, fc.constantFrom(...PERMISSIONS)],
  ['pinned', lattice.pinned, fc.constantFrom('x', 'y')],
].map(([name, rule, values]) => [name, rule, values] as [string, MergeRule<unknown>, fc.Arbitrary<unknown>]);

describe.each(RULES)('the rule %s', (_name, { merge, isWider }, value) => {
  test('calls a value wider exactly where merging changes it', () => {
    fc.assert(
      fc.property(value, value, (parent, own) => expect(isWider(own, parent)).toBe(!same(merge(parent, own), own))),
    );
  });

  test('merges to the same in any grouping, and never to something wider than either', () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)));
        expect(isWider(merge(a, b), a)).toBe(false);
      }),
    );
  });
});

test('blocked lists unite and are never wider', () => {
  expect(lattice.blocked.merge(['b'], ['a', 'b'])).toEqual(['a', 'b']);
  expect(lattice.blocked.isWider([], ['a'])).toBe(false);
});

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
