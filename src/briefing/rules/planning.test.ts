import type { EventTime, WorkItem } from '#connectors';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { workItem } from './items.fixture.ts';
import { freeTime } from './free-time.ts';
import { effort, plan, type PlannableTask } from './planning.ts';

const ZONE = 'Europe/Berlin';
const day = '2026-11-25';
const at = (time: string, date = day, zone = ZONE) => DateTime.fromISO(`${date}T${time}`, { zone });
const event = (start: string, end: string, more: Partial<EventTime> = {}): EventTime => ({
  start: start === '' ? '' : at(start).toISO()!,
  end: end === '' ? '' : at(end).toISO()!,
  allDay: false,
  busy: true,
  ...more,
});
const working = { now: at('07:00').toMillis(), day, zone: ZONE };
const task = (id: string, fields: Partial<WorkItem> = {}): PlannableTask => ({
  id,
  title: id,
  items: [workItem(fields)],
});
const review = (id: string) => task(id, { system: 'github', kind: 'pull_request', reasons: ['review_requested'] });
const promised = (id: string) => task(id, { sla: { from: '2026-11-24T08:00:00Z', until: '2026-11-25T16:00:00Z' } });
const mail = (id: string) => task(id, { system: 'gmail', kind: 'mail', reasons: ['unread'] });
const shown = (...args: Parameters<typeof plan>) =>
  plan(...args).map(({ start, end, label }) => `${start.slice(11, 16)}–${end.slice(11, 16)} ${label}`);

describe('plan', () => {
  it('puts the highest score first, one after the other, round meetings with their buffers', () => {
    expect(shown([review('r'), task('i'), mail('m')], [event('10:00', '11:00')], working)).toEqual([
      '09:00–09:15 Answer: m',
      '11:15–12:45 Review: r',
      '12:45–13:45 Work on: i',
    ]);
  });

  it('takes overlapping and unsorted events, one without an end as half an hour, one without a start as nothing', () => {
    const events = [
      event('13:00', '17:30'),
      event('09:00', '12:00'),
      event('11:00', '11:30'),
      event('12:15', ''),
      event('', ''),
    ];
    expect(shown([mail('m')], events, working)).toEqual([]);
    expect(shown([mail('m')], events.slice(1), working)).toEqual(['13:00–13:15 Answer: m']);
  });

  it('leaves a day alone that is busy all day, but not for an event that is free', () => {
    const allDay = event('00:00', '', { allDay: true, end: at('00:00', '2026-11-26').toISO()! });
    expect(plan([mail('m')], [allDay], working)).toEqual([]);
    expect(plan([mail('m')], [{ ...allDay, busy: false }], working)).toHaveLength(1);
  });

  it('plans from now on, on full five minutes, and nothing when the day is over', () => {
    expect(shown([mail('m')], [], { ...working, now: at('14:03').toMillis() })).toEqual(['14:05–14:20 Answer: m']);
    expect(plan([mail('m')], [], { ...working, now: at('17:20').toMillis() })).toEqual([]);
  });

  it('parts work that no free time holds, if all of it finds room in parts of half an hour or more', () => {
    const busy = [event('10:15', '11:15'), event('12:30', '17:30')];
    // 09:00–10:00 and 11:30–12:15
    expect(shown([review('r')], busy, working)).toEqual(['09:00–10:00 Review: r (1/2)', '11:30–12:00 Review: r (2/2)']);
    expect(plan([review('r')], [event('10:15', '11:15'), event('12:00', '17:30')], working)).toEqual([]);
  });

  it('finds the parts that hold it also where the earliest free times do not', () => {
    // Free: 50, 35 and 60 minutes, of which the first two are too little.
    const busy = [event('10:05', '10:10'), event('11:15', '11:30'), event('13:00', '17:30')];
    expect(shown([review('r')], busy, working)).toEqual(['09:00–09:50 Review: r (1/2)', '11:45–12:25 Review: r (2/2)']);
    // Free: 50, 35 and 35 minutes, and no two of them hold it.
    const less = [...busy.slice(0, 2), event('12:35', '17:30')];
    expect(shown([review('r')], less, working)).toEqual([
      '09:00–09:30 Review: r (1/3)',
      '10:25–10:55 Review: r (2/3)',
      '11:45–12:15 Review: r (3/3)',
    ]);
  });

  it('begins an issue with an SLA in a gap that is too short for all of it, and no other work', () => {
    const busy = [event('10:00', '17:30')];
    expect(shown([task('i')], busy, working)).toEqual([]);
    expect(shown([promised('i')], busy, working)).toEqual(['09:00–09:45 Work on: i (45 of 60 min)']);
    expect(shown([promised('i')], [event('09:40', '17:30')], working)).toEqual([]);
  });

  it('puts what prepares a meeting before it, as late as it can, or nowhere', () => {
    const ahead = event('11:00', '12:00');
    const prepare = task('p', { kind: 'meeting', system: 'gcal', reasons: ['prepare'], event: ahead });
    expect(shown([review('r'), prepare], [ahead], working)).toEqual([
      '10:15–10:45 Prepare: p',
      '12:15–13:45 Review: r',
    ]);
    expect(shown([prepare], [event('09:00', '10:40'), ahead], working)).toEqual([]);
  });

  it('counts hours of the clock on the wall on days when it is changed', () => {
    for (const [date, offset] of [
      ['2026-03-29', '+02:00'],
      ['2026-10-25', '+01:00'],
    ] as const) {
      const [block] = plan([mail('m')], [], { now: 0, day: date, zone: ZONE });
      expect(block!.start).toBe(`${date}T09:00:00${offset}`);
    }
    const night = { now: 0, day: '2026-10-25', zone: ZONE, workingHours: { start: '00:00', end: '06:00' } };
    // Seven hours by the sun.
    expect(
      plan(
        Array.from({ length: 10 }, (_, i) => task(`${i}`)),
        [],
        night,
      ),
    ).toHaveLength(7);
  });

  it('takes the longest of the open items of a task', () => {
    const both = [
      workItem({ system: 'gmail', kind: 'mail' }),
      workItem({ kind: 'pull_request', reasons: ['review_requested'] }),
    ];
    expect(effort(both)).toEqual({ minutes: 90, verb: 'Review' });
    expect(effort([both[0]!, { ...both[1]!, done: { at: '', how: 'merged' } }])).toEqual({
      minutes: 15,
      verb: 'Answer',
    });
    expect(effort([])).toEqual({ minutes: 30, verb: 'Work on' });
  });

  it('never double-books, touches no meeting or buffer, and keeps to working hours and the future, in any zone and on any day', () => {
    const zones = fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'Pacific/Apia',
      'UTC',
    );
    const days = fc.constantFrom(
      '2026-03-29',
      '2026-10-25',
      '2026-03-08',
      '2026-11-01',
      '2026-04-05',
      '2026-10-04',
      day,
    );
    const drawnEvent = fc.record({
      start: fc.integer({ min: -600, max: 2_000 }),
      length: fc.integer({ min: -30, max: 400 }),
      busy: fc.boolean(),
    });
    const drawnTask = fc.constantFrom(review, mail, task, promised);
    fc.assert(
      fc.property(
        zones,
        days,
        fc.array(drawnEvent, { maxLength: 12 }),
        fc.array(drawnTask, { maxLength: 15 }),
        fc.integer({ min: -100, max: 1_500 }),
        (zone, date, drawn, makers, minute) => {
          const midnight = DateTime.fromISO(date, { zone });
          const iso = (minutes: number) => midnight.plus({ minutes }).toUTC().toISO()!;
          const events = drawn.map(({ start, length, busy }) => ({
            start: iso(start),
            end: iso(start + length),
            allDay: false,
            busy,
          }));
          const now = midnight.plus({ minutes: minute }).toMillis();
          const tasks = makers.map((make, i) => make(`t${i}`));
          const blocks = plan(tasks, events, { now, day: date, zone });
          const spans = blocks.map(({ start, end }) => [Date.parse(start), Date.parse(end)] as const);
          spans.forEach(([start, end], i) => {
            expect(end - start).toBeGreaterThanOrEqual(15 * 60_000);
            expect(start).toBeGreaterThanOrEqual(Math.max(now, at('09:00', date, zone).toMillis()));
            expect(end).toBeLessThanOrEqual(at('17:30', date, zone).toMillis());
            if (i > 0) expect(start).toBeGreaterThanOrEqual(spans[i - 1]![1]);
            for (const one of events.filter(({ busy }) => busy)) {
              const buffer = 15 * 60_000;
              const until = Math.max(Date.parse(one.end), Date.parse(one.start) + 60_000);
              expect(end <= Date.parse(one.start) - buffer || start >= until + buffer - 60_000).toBe(true);
            }
          });
          const gaps = freeTime(events, { now, day: date, zone }).flatMap((free) => {
            const inside = spans.filter(([start]) => start >= free.start && start < free.end);
            const edges = [free.start, ...inside.flat(), free.end];
            return edges.flatMap((edge, i) => (i % 2 === 0 ? [(edges[i + 1]! - edge) / 60_000] : []));
          });
          for (const { id, items } of tasks) {
            const mine = blocks.filter(({ taskId }) => taskId === id);
            const total = mine.reduce((sum, { start, end }) => sum + (Date.parse(end) - Date.parse(start)) / 60_000, 0);
            const whole = effort(items).minutes;
            if (total > 0 && total < whole) {
              expect(items[0]!.sla).not.toBeNull();
              expect(total).toBeGreaterThanOrEqual(30);
            } else expect([0, whole]).toContain(total);
            if (total < whole && items[0]!.sla) expect(Math.max(0, ...gaps)).toBeLessThan(30);
            if (mine.length > 1)
              for (const { start, end } of mine)
                expect(Date.parse(end) - Date.parse(start)).toBeGreaterThanOrEqual(30 * 60_000);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
