import { expect, test } from '@jest/globals';
import { plannedDay } from './planned-day.ts';

const BERLIN = 'Europe/Berlin';

test.each([
  ['early on a working day, that day', '2026-11-25T07:00:00Z', BERLIN, '2026-11-25'],
  ['with half an hour of it left, still that day', '2026-11-25T16:00:00Z', BERLIN, '2026-11-25'],
  ['with less, the next', '2026-11-25T16:01:00Z', BERLIN, '2026-11-26'],
  ['late on a Friday, Monday', '2026-11-27T16:30:00Z', BERLIN, '2026-11-30'],
  ['on a Saturday, Monday', '2026-11-28T07:00:00Z', BERLIN, '2026-11-30'],
  ['late on a Sunday, Monday', '2026-11-29T20:00:00Z', BERLIN, '2026-11-30'],
  ['by the day of the person, not of the server', '2026-11-27T20:00:00Z', 'Pacific/Auckland', '2026-11-30'],
  ['over the end of summer time', '2026-10-23T15:45:00Z', BERLIN, '2026-10-26'],
  ['over the end of a year', '2026-12-31T18:00:00Z', BERLIN, '2027-01-01'],
])('the day that is planned: %s', (_, now, zone, day) => {
  expect(plannedDay(Date.parse(now), zone)).toBe(day);
});
