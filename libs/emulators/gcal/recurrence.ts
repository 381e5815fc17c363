/**
 * When a recurring event takes place: RRULE, RDATE and EXDATE of RFC 5545 as far as calendars use them. Days are counted as
 * numbers since 1970 and only what falls into the window becomes an instant, so that a daily meeting of ten years' standing
 * costs no more than a new one.
 */
import { DateTime } from 'luxon';

export interface Series {
  /** `2026-11-25` or `2026-11-25T09:00:00`: local to `zone`. */
  readonly start: string;
  readonly zone: string;
  readonly allDay: boolean;
  /** Lines such as `RRULE:FREQ=WEEKLY;BYDAY=MO`. */
  readonly recurrence: readonly string[];
}

export interface Occurrence {
  /** Milliseconds since 1970; of an all-day event, midnight UTC of its day. */
  readonly at: number;
  /** What the occurrence is called in its event's id: `20261125T080000Z`, `20261125`. */
  readonly stamp: string;
}

interface Rule {
  readonly frequency: string;
  readonly interval: number;
  readonly count: number;
  readonly until: number;
  readonly weekdays: readonly { readonly nth: number; readonly day: number }[];
  readonly monthDays: readonly number[];
}

const WITH_OFFSET = /T.*(?:Z|[+-]\d\d:?\d\d)$/;
const DAY = 86_400_000;
const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
/** No calendar holds a series with more occurrences. */
const MOST = 20_000;

/** The occurrences that begin in [from, to), in order. */
export function occurrencesOf(series: Series, from: number, to: number): Occurrence[] {
  const clock = series.allDay ? '' : series.start.slice(11, 19);
  const at = (day: number) => (series.allDay ? day * DAY : instantOf(`${dateOf(day)}T${clock}`, series.zone));
  const first = dayOf(series.start);
  const excluded = new Set(datesOf(series, 'EXDATE'));
  const found = new Set<number>(datesOf(series, 'RDATE'));
  const rules = series.recurrence.filter((line) => line.startsWith('RRULE:'));
  // A zone is never more than 15 hours from UTC: what lies a day outside the window cannot fall into it.
  const [low, high] = [Math.floor(from / DAY) - 1, Math.ceil(Math.min(to, 8.64e15) / DAY) + 1];
  for (const line of rules) {
    const rule = parseRule(line.slice('RRULE:'.length));
    let count = 0;
    for (const day of daysOf(rule, first, low, high)) {
      count += 1;
      if (count > rule.count) break;
      if (day < low) continue;
      const instant = at(day);
      if (instant > rule.until) break;
      found.add(instant);
    }
  }
  if (rules.length === 0) found.add(at(first));
  return [...found]
    .filter((instant) => instant >= from && instant < to && !excluded.has(instant))
    .sort((a, b) => a - b)
    .map((instant) => ({ at: instant, stamp: stampOf(instant, series.allDay) }));
}

export function stampOf(instant: number, allDay: boolean): string {
  const stamp = new Date(instant).toISOString().replace(/[-:]|\.\d+/g, '');
  return allDay ? stamp.slice(0, 8) : stamp;
}

/** Milliseconds since 1970 of a local time; an offset in the text wins over the zone. */
export function instantOf(local: string, zone: string): number {
  return WITH_OFFSET.test(local) ? Date.parse(local) : DateTime.fromISO(local, { zone }).toMillis();
}

function* daysOf(rule: Rule, first: number, low: number, high: number): Generator<number> {
  // Without COUNT the past need not be counted through.
  const skip = rule.count === Infinity;
  const { interval } = rule;
  for (let step = skip ? stepsBefore(rule, first, low) : 0, tried = 0; tried < MOST; step += 1, tried += 1) {
    const days = daysOfPeriod(rule, first, step * interval).filter((day) => day >= first);
    for (const day of days) {
      if (day > high) return;
      yield day;
    }
    if (periodStart(rule, first, step * interval) > high) return;
  }
}

function stepsBefore({ frequency, interval }: Rule, first: number, low: number): number {
  const length = { DAILY: 1, WEEKLY: 7, MONTHLY: 31, YEARLY: 366 }[frequency] ?? 1;
  return Math.max(0, Math.floor((low - first) / (length * interval)) - 1);
}

function periodStart({ frequency }: Rule, first: number, periods: number): number {
  if (frequency === 'DAILY') return first + periods;
  // Weeks begin on Monday, which is day 4 of 1970.
  if (frequency === 'WEEKLY') return first - ((first + 3) % 7) + periods * 7;
  const date = new Date(first * DAY);
  const months = frequency === 'YEARLY' ? periods * 12 : periods;
  const month = frequency === 'YEARLY' ? 0 : date.getUTCMonth();
  return Date.UTC(date.getUTCFullYear(), month + months, 1) / DAY;
}

function daysOfPeriod(rule: Rule, first: number, periods: number): number[] {
  const start = periodStart(rule, first, periods);
  const date = new Date(first * DAY);
  switch (rule.frequency) {
    case 'DAILY':
      return rule.weekdays.length === 0 || rule.weekdays.some(({ day }) => day === weekdayOf(start)) ? [start] : [];
    case 'WEEKLY': {
      const days = rule.weekdays.length === 0 ? [weekdayOf(first)] : rule.weekdays.map(({ day }) => day);
      return days.map((day) => start + ((day + 6) % 7)).sort((a, b) => a - b);
    }
    case 'MONTHLY':
      return daysOfMonth(rule, start, date.getUTCDate());
    default: {
      const [year, month] = [new Date(start * DAY).getUTCFullYear(), date.getUTCMonth()];
      return daysOfMonth(rule, Date.UTC(year, month, 1) / DAY, date.getUTCDate());
    }
  }
}

function daysOfMonth(rule: Rule, start: number, monthDay: number): number[] {
  const date = new Date(start * DAY);
  const length = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  if (rule.weekdays.length === 0) {
    const days = rule.monthDays.length === 0 ? [monthDay] : rule.monthDays;
    const inMonth = days.map((day) => (day < 0 ? length + day : day - 1)).filter((day) => day >= 0 && day < length);
    return inMonth.map((day) => start + day).sort((a, b) => a - b);
  }
  const found = new Set<number>();
  for (const { nth, day } of rule.weekdays) {
    const all: number[] = [];
    for (let one = (day - weekdayOf(start) + 7) % 7; one < length; one += 7) all.push(start + one);
    const chosen = nth === 0 ? all : [nth > 0 ? all[nth - 1] : all.at(nth)];
    for (const one of chosen) if (one !== undefined) found.add(one);
  }
  return [...found].sort((a, b) => a - b);
}

function parseRule(text: string): Rule {
  const parts = new Map(text.split(';').map((part) => part.split('=') as [string, string]));
  const weekdays = (parts.get('BYDAY') ?? '').split(',').flatMap((part) => {
    const [, nth, name] = /^([+-]?\d+)?(SU|MO|TU|WE|TH|FR|SA)$/.exec(part) ?? [];
    return name === undefined ? [] : [{ nth: Number(nth ?? 0), day: WEEKDAYS.indexOf(name) }];
  });
  const until = parts.get('UNTIL');
  return {
    frequency: parts.get('FREQ') ?? 'DAILY',
    interval: Math.max(1, Number(parts.get('INTERVAL') ?? 1) || 1),
    count: Number(parts.get('COUNT') ?? Infinity),
    // A date counts to the end of that day.
    until:
      until === undefined ? Infinity : until.length === 8 ? compact(until, 'UTC') + DAY - 1 : compact(until, 'UTC'),
    weekdays,
    monthDays: (parts.get('BYMONTHDAY') ?? '').split(',').map(Number).filter(Boolean),
  };
}

function datesOf(series: Series, name: 'EXDATE' | 'RDATE'): number[] {
  return series.recurrence
    .filter((line) => line.startsWith(name))
    .flatMap((line) => {
      const colon = line.indexOf(':');
      const zone = /TZID=([^:;]+)/.exec(line.slice(0, colon))?.[1] ?? (series.allDay ? 'UTC' : series.zone);
      return line
        .slice(colon + 1)
        .split(',')
        .map((date) => compact(date, zone));
    });
}

/** `20261125`, `20261125T090000`, `20261125T090000Z`. */
function compact(text: string, zone: string): number {
  const [, date, time, utc] = /^(\d{8})(?:T(\d{6})(Z)?)?$/.exec(text) ?? [];
  if (date === undefined) return NaN;
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
  if (time === undefined) return Date.parse(`${day}T00:00:00Z`);
  const local = `${day}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}`;
  return utc ? Date.parse(`${local}Z`) : instantOf(local, zone);
}

function dayOf(local: string): number {
  return Date.parse(`${local.slice(0, 10)}T00:00:00Z`) / DAY;
}

function dateOf(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10);
}

function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}
