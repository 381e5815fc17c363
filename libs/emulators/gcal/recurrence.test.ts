import { describe, expect, it } from '@jest/globals';
import { occurrencesOf } from './recurrence.ts';

const BERLIN = { zone: 'Europe/Berlin', allDay: false, start: '2026-10-19T09:00:00' };
const between = (from: string, to: string) => [Date.parse(from), Date.parse(to)] as const;
const starts = (recurrence: string[], from: string, to: string, series = BERLIN) =>
  occurrencesOf({ ...series, recurrence }, ...between(from, to)).map(({ at }) =>
    new Date(at).toISOString().slice(0, 16),
  );

describe('occurrences of a series', () => {
  it('keep their clock time over the end of daylight saving', () => {
    expect(starts(['RRULE:FREQ=WEEKLY;BYDAY=MO'], '2026-10-19T00:00Z', '2026-11-03T00:00Z')).toEqual([
      '2026-10-19T07:00',
      '2026-10-26T08:00',
      '2026-11-02T08:00',
    ]);
  });

  it('end after COUNT, counted from the first, not from the window', () => {
    expect(starts(['RRULE:FREQ=DAILY;COUNT=3'], '2026-10-20T00:00Z', '2026-12-01T00:00Z')).toHaveLength(2);
  });

  it('end with UNTIL, the day itself included', () => {
    expect(starts(['RRULE:FREQ=DAILY;UNTIL=20261021'], '2026-10-19T00:00Z', '2026-12-01T00:00Z')).toHaveLength(3);
    expect(starts(['RRULE:FREQ=DAILY;UNTIL=20261021T065959Z'], '2026-10-19T00:00Z', '2026-12-01T00:00Z')).toHaveLength(
      2,
    );
  });

  it('skip EXDATE in whatever zone it is written, and add RDATE', () => {
    const rule = 'RRULE:FREQ=DAILY;COUNT=4';
    const lines = [
      rule,
      'EXDATE;TZID=Europe/Berlin:20261020T090000',
      'EXDATE:20261021T070000Z',
      'RDATE:20261101T120000Z',
    ];
    expect(starts(lines, '2026-10-01T00:00Z', '2026-12-01T00:00Z')).toEqual([
      '2026-10-19T07:00',
      '2026-10-22T07:00',
      '2026-11-01T12:00',
    ]);
  });

  it('follow INTERVAL and several days of a week', () => {
    expect(starts(['RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE'], '2026-10-19T00:00Z', '2026-11-06T00:00Z')).toEqual([
      '2026-10-19T07:00',
      '2026-10-21T07:00',
      '2026-11-02T08:00',
      '2026-11-04T08:00',
    ]);
  });

  it('fall on the third Monday, the last Friday, or the 31st where there is one', () => {
    const window = ['2026-10-19T00:00Z', '2027-02-01T00:00Z'] as const;
    expect(starts(['RRULE:FREQ=MONTHLY;BYDAY=3MO'], ...window).map((one) => one.slice(0, 10))).toEqual([
      '2026-10-19',
      '2026-11-16',
      '2026-12-21',
      '2027-01-18',
    ]);
    expect(starts(['RRULE:FREQ=MONTHLY;BYDAY=-1FR'], ...window).map((one) => one.slice(0, 10))).toEqual([
      '2026-10-30',
      '2026-11-27',
      '2026-12-25',
      '2027-01-29',
    ]);
    expect(starts(['RRULE:FREQ=MONTHLY;BYMONTHDAY=31'], ...window).map((one) => one.slice(0, 10))).toEqual([
      '2026-10-31',
      '2026-12-31',
      '2027-01-31',
    ]);
  });

  it('are days, not instants, for an all-day series', () => {
    const series = { start: '2020-02-29', zone: 'Asia/Tokyo', allDay: true };
    expect(
      occurrencesOf({ ...series, recurrence: ['RRULE:FREQ=YEARLY'] }, ...between('2023-01-01', '2025-01-01')),
    ).toEqual([{ at: Date.parse('2024-02-29'), stamp: '20240229' }]);
  });

  it('cost as little in the tenth year as in the first', () => {
    const old = { ...BERLIN, start: '1996-01-01T09:00:00' };
    const began = performance.now();
    for (let i = 0; i < 200; i += 1) {
      expect(
        occurrencesOf({ ...old, recurrence: ['RRULE:FREQ=DAILY'] }, ...between('2026-11-01', '2026-11-15')),
      ).toHaveLength(14);
    }
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it('come to nothing where the rule or the zone is nonsense', () => {
    const window = between('2026-10-01', '2026-12-01');
    expect(
      occurrencesOf({ ...BERLIN, recurrence: ['RRULE:FREQ=WEEKLY;BYDAY=XX;INTERVAL=-3'] }, ...window).length,
    ).toBeGreaterThan(0);
    expect(occurrencesOf({ ...BERLIN, zone: 'Mars/Olympus', recurrence: ['RRULE:FREQ=DAILY'] }, ...window)).toEqual([]);
    expect(occurrencesOf({ ...BERLIN, start: 'soon', recurrence: ['RRULE:FREQ=DAILY'] }, ...window)).toEqual([]);
  });
});
