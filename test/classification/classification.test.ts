import { expect, test } from '@jest/globals';
import { readMessages } from './labelled.ts';
import { measure } from './measure.ts';
import { withCorrections } from './taste.ts';

const [tuned, heldOut] = [readMessages('tuning'), readMessages('held-out')];

test('the labelled set is large, of all classes, and no message stands in it twice', () => {
  const all = [...tuned, ...heldOut];
  expect(all.length).toBeGreaterThanOrEqual(400);
  expect(new Set(all.map(({ message }) => `${message.subject}\n${message.text}`)).size).toBe(all.length);
  for (const part of [tuned, heldOut]) expect(new Set(part.map(({ label }) => label)).size).toBe(4);
});

test('classification is no worse than when it was last measured', () => {
  expect(measure('tuned', tuned).macroF1).toBeGreaterThan(0.9);
  expect(measure('held out', heldOut).macroF1).toBeGreaterThan(0.76);
});

test.each([
  ['tuned on', tuned],
  ['held out', heldOut],
])('half of a person’s corrections make the other half better: %s', (_, part) => {
  const { before, after } = withCorrections(part);
  expect(after.macroF1).toBeGreaterThan(before.macroF1 + 0.03);
});
