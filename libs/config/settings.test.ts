import { expect, test } from '@jest/globals';
import { readSettings } from './settings.ts';

test.each([
  ['61 8 * * *', 'cannot be read'],
  ['H 8 * * *', 'names no time'],
  ['0 0 31 2 *', 'cannot be read'],
  ['at eight', 'has 2 fields'],
  ['never', 'has 1 fields'],
])('BRIEFING_CRON=%s stops the start with its name, the value and what is accepted', (value, words) => {
  const read = () => readSettings({ BRIEFING_CRON: value });
  expect(read).toThrow(`BRIEFING_CRON is "${value}"; accepted: cron expression of five fields, or \`off\``);
  expect(read).toThrow(words);
});

test.each(['off', '0 8 * * 1-5', '*/20 6-9 * * MON'])('BRIEFING_CRON=%s is taken as it stands', (value) => {
  expect(readSettings({ BRIEFING_CRON: value }).BRIEFING_CRON).toBe(value);
});
