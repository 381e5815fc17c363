import { expect, test } from '@jest/globals';
import { cronProblem, shortestGapMinutes } from './cron.ts';

test.each([
  ['* * *', 'has 3 fields'],
  ['0 0 8 * * 1', 'has 6 fields'],
  ['61 8 * * *', 'cannot be read'],
  ['0 8 31 2 *', 'cannot be read'],
  ['eight', 'has 1 fields'],
])('%s is refused in words', (cron, words) => {
  expect(cronProblem(cron)).toContain(words);
  expect(cronProblem(cron)).toContain('accepted');
});

test.each([
  ['0 8 * * 1-5', 1_440],
  ['0 8,9 * * *', 60],
  ['*/5 * * * *', 5],
  ['50 23,0 * * *', 60],
  ['0 0,23 * * *', 60],
  ['0 0 29 2 *', 1_440],
])('%s leaves %i minutes between two windows', (cron, minutes) => {
  expect(shortestGapMinutes(cron)).toBe(minutes);
});

test('H is refused: it means another minute each time', () => {
  expect(cronProblem('H 8 * * *')).toContain('names no time');
  expect(cronProblem('0 8 * * THU')).toBeUndefined();
});
