import { DateTime } from 'luxon';
import { LRUCache } from 'lru-cache';

/** A deadline as a person in one time zone reads it. Calendar days are counted from 1970-01-01, which is 0. */
export interface Deadline {
  /** Milliseconds since 1970: a date ends with the person's day. */
  readonly ends: number;
  /** The calendar day on which it ends. */
  readonly day: number;
  /** A day without a time. */
  readonly isDate: boolean;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

// Calendars are slow to ask, and the same deadline is asked for at each look at a list.
const read = new LRUCache<string, Deadline | 'neither'>({ max: 50_000 });
const days = new LRUCache<string, number>({ max: 1_000 });

/** @returns null for what is neither a date nor a time */
export function deadlineOf(text: string, zone: string): Deadline | null {
  const key = `${zone} ${text}`;
  let known = read.get(key);
  if (known === undefined) {
    const time = DateTime.fromISO(text, { zone });
    const isDate = DATE.test(text);
    const end = isDate ? time.endOf('day') : time;
    known = end.isValid ? { ends: end.toMillis(), day: dayNumber(end), isDate } : 'neither';
    read.set(key, known);
  }
  return known === 'neither' ? null : known;
}

/** The calendar day of a moment in milliseconds since 1970. */
export function dayOf(moment: number, zone: string): number {
  // Zones change by whole minutes, and so does the day in them.
  const minute = Math.floor(moment / MINUTE_MS);
  const key = `${zone} ${minute}`;
  let day = days.get(key);
  if (day === undefined) {
    day = dayNumber(DateTime.fromMillis(minute * MINUTE_MS, { zone }));
    days.set(key, day);
  }
  return day;
}

/** 0 Sunday … 6 Saturday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

function dayNumber({ year, month, day }: DateTime): number {
  return Math.round(Date.UTC(year, month - 1, day) / DAY_MS);
}
