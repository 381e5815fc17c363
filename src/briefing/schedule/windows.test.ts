import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { IANAZone } from 'luxon';
import { dueWindow, jitter, nextWindow } from './windows.ts';

const BERLIN = 'Europe/Berlin';
const at = (iso: string) => Date.parse(iso);
const MINUTE = 60_000;
const offset = (zone: string, time: number) => IANAZone.create(zone).offset(time) * MINUTE;
const iso = (time: number) => new Date(time).toISOString();

function windows(cron: string, zone: string, from: string, n: number): string[] {
  const found: string[] = [];
  for (let time = at(from); found.length < n;) {
    time = nextWindow(cron, zone, time)!;
    found.push(new Date(time).toISOString());
  }
  return found;
}

const ZONES = [
  ...[BERLIN, 'America/New_York', 'America/St_Johns', 'America/Santiago', 'America/Nuuk', 'America/Havana', 'UTC'],
  ...['Australia/Lord_Howe', 'Pacific/Chatham', 'Pacific/Apia', 'Asia/Kathmandu', 'Africa/Cairo', 'Africa/Casablanca'],
  ...['Asia/Beirut', 'Antarctica/Troll'],
];

/** What the clocks of a zone show, in minutes as if it were UTC. */
const shown = (zone: string, time: number) => (time + offset(zone, time)) / MINUTE;

/** When clocks of the zone change next, or the moment itself where they do not within a year. */
function changeAfter(zone: string, from: number): number {
  const step = 6 * 60 * MINUTE;
  for (let time = from; time < from + 365 * 24 * 60 * MINUTE; time += step)
    if (shown(zone, time + step) - shown(zone, time) !== step / MINUTE) return time;
  return from;
}

/** Windows by looking at the clock each minute: one opens when it shows or passes a time that it has not shown yet. */
function walked(minutes: Set<number>, hours: Set<number>, zone: string, from: number, until: number): number[] {
  const found: number[] = [];
  let highest = shown(zone, from - 24 * 60 * MINUTE);
  for (let time = from - 24 * 60 * MINUTE; time <= until; time += MINUTE) {
    const now = shown(zone, time);
    const passed = Array.from({ length: Math.max(0, now - highest) }, (_, n) => highest + 1 + n);
    const isTime = (clock: number) => minutes.has(clock % 60) && hours.has(Math.floor(clock / 60) % 24);
    if (time > from && passed.some(isTime)) found.push(time);
    highest = Math.max(highest, now);
  }
  return found;
}

describe('when windows open', () => {
  test('the clock on the wall counts, so that eight stays eight when clocks change', () => {
    expect(windows('0 8 * * 1-5', BERLIN, '2026-10-22T12:00:00Z', 3)).toEqual([
      '2026-10-23T06:00:00.000Z',
      '2026-10-26T07:00:00.000Z',
      '2026-10-27T07:00:00.000Z',
    ]);
  });

  test('a time that does not exist comes once, when the clocks are put forward', () => {
    expect(windows('30 2 * * *', BERLIN, '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(windows('15 2 * * *', 'Australia/Lord_Howe', '2026-10-02T20:00:00Z', 3)).toEqual([
      '2026-10-03T15:30:00.000Z',
      '2026-10-04T15:15:00.000Z',
      '2026-10-05T15:15:00.000Z',
    ]);
  });

  test('times that do not exist and come with the same change make one window', () => {
    expect(windows('0,30 2 * * *', BERLIN, '2026-03-28T12:00:00Z', 3)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(windows('30 2,3 * * *', BERLIN, '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T01:30:00.000Z',
    ]);
  });

  test('a time that comes twice counts once', () => {
    expect(windows('30 2 * * *', BERLIN, '2026-10-23T12:00:00Z', 3)).toEqual([
      '2026-10-24T00:30:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  test('in any zone and over any change of clocks windows strictly rise and none is missed', () => {
    const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 3 });
    const hours = fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 3 });
    const days = fc.integer({ min: 0, max: 2 * 365 });
    // Changes of clocks are rare: half of the runs begin shortly before one.
    const nearChange = fc.boolean();
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), minutes, hours, days, nearChange, (zone, m, h, day, near) => {
        let from = at('2026-01-01T00:00:00Z') + day * 24 * 60 * MINUTE;
        if (near) from = changeAfter(zone, from) - 30 * 60 * MINUTE;
        const until = from + 72 * 60 * MINUTE;
        const found: number[] = [];
        const cron = `${m.join()} ${h.join()} * * *`;
        for (let time = nextWindow(cron, zone, from)!; time <= until; time = nextWindow(cron, zone, time)!) {
          if (found.length > 0) expect(time).toBeGreaterThan(found.at(-1)!);
          found.push(time);
        }
        expect(found.map(iso)).toEqual(walked(new Set(m), new Set(h), zone, from, until).map(iso));
      }),
      { numRuns: 50 },
    );
  });

  test.each(ZONES)('in %s each day of a year has one window of a daily schedule', (zone) => {
    for (const cron of ['0 0 * * *', '15 2 * * *', '30 8 * * *', '59 22 * * *']) {
      let [day, time] = ['2026-01-01', at('2026-01-02T00:00:00Z') - offset(zone, at('2026-01-02T00:00:00Z')) - 1];
      for (let n = 0; n < 366; n++) {
        time = nextWindow(cron, zone, time)!;
        const next = iso(time + offset(zone, time)).slice(0, 10);
        expect([cron, next]).toEqual([cron, iso(at(`${day}T12:00:00Z`) + 24 * 60 * MINUTE).slice(0, 10)]);
        day = next;
      }
    }
  });

  test('people on both sides of the date line have their own morning', () => {
    expect(windows('0 8 * * *', 'Pacific/Auckland', '2026-11-25T00:00:00Z', 1)).toEqual(['2026-11-25T19:00:00.000Z']);
    expect(windows('0 8 * * *', 'America/Los_Angeles', '2026-11-25T00:00:00Z', 1)).toEqual([
      '2026-11-25T16:00:00.000Z',
    ]);
  });
});

describe('what is due', () => {
  const daily = { cron: '0 8 * * *', zone: BERLIN, windowMs: 30 * MINUTE };
  const eight = at('2026-11-25T07:00:00Z');

  test('a window that is open', () => {
    expect(dueWindow(daily, eight, eight + 5 * MINUTE)).toEqual({
      open: { start: eight, end: eight + 30 * MINUTE },
      missed: 0,
      next: at('2026-11-26T07:00:00Z'),
    });
  });

  test('after a short sleep the window is caught up with as long as it is open, and not later', () => {
    expect(dueWindow(daily, eight, eight + 29 * MINUTE).open).toBeDefined();
    expect(dueWindow(daily, eight, eight + 30 * MINUTE)).toMatchObject({ open: undefined, missed: 1 });
  });

  test('after a long sleep the open window is made and the others are missed', () => {
    expect(dueWindow(daily, eight, at('2026-11-28T07:10:00Z'))).toMatchObject({
      open: { start: at('2026-11-28T07:00:00Z') },
      missed: 3,
    });
  });

  test('years of sleep under a schedule of every minute end at once', () => {
    const often = { cron: '* * * * *', zone: 'UTC', windowMs: MINUTE };
    const now = at('2031-01-01T00:00:30Z');
    expect(dueWindow(often, eight, now)).toMatchObject({ open: { start: now - 30_000 }, next: now + 30_000 });
  });

  test('whenever one looks, each window is open once or missed once, and none comes back', () => {
    const looks = fc.array(fc.integer({ min: 1, max: 3 * 24 * 60 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(looks, (gaps) => {
        let [due, now, counted] = [eight as number | null, eight, 0];
        const started = new Set<number>();
        for (const gap of gaps) {
          now += gap * MINUTE;
          if (due === null || due > now) continue;
          const step = dueWindow(daily, due, now);
          if (step.open) {
            expect(started.has(step.open.start)).toBe(false);
            expect(step.open.start).toBeLessThanOrEqual(now);
            expect(step.open.end).toBeGreaterThan(now);
            started.add(step.open.start);
          }
          counted += step.missed + (step.open ? 1 : 0);
          expect(step.next).toBeGreaterThan(now);
          due = step.next;
        }
        let opened = 0;
        for (let time: number | null = eight; time !== null && time <= now; time = nextWindow(daily.cron, BERLIN, time))
          opened++;
        expect(counted).toBe(opened);
      }),
    );
  });
});

test('jitter is the same for the same window, spreads people, and leaves the end of the window free', () => {
  const spread = Array.from({ length: 500 }, (_, n) => jitter('acme', `user-${n}`, 0, 30 * MINUTE));
  expect(spread).toEqual(Array.from({ length: 500 }, (_, n) => jitter('acme', `user-${n}`, 0, 30 * MINUTE)));
  expect(Math.max(...spread)).toBeLessThan(18 * MINUTE);
  const tenths = new Set(spread.map((ms) => Math.floor(ms / (1.8 * MINUTE))));
  expect(tenths.size).toBe(10);
});
