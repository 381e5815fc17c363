import { DateTime } from 'luxon';

const LONGEST_TEXT = 16_384;
const FARTHEST_DAYS = 400;

const WEEKDAYS: Readonly<Record<string, number>> = {
  monday: 1, tuesday: 2, wednesday: 3, thursday: 4, friday: 5, saturday: 6, sunday: 7,
  montag: 1, dienstag: 2, mittwoch: 3, donnerstag: 4, freitag: 5, samstag: 6, sonnabend: 6, sonntag: 7,
}; // prettier-ignore
const MONTHS: readonly RegExp[] = [
  /^jan/, /^feb/, /^m(ar|är|rz)/, /^apr/, /^ma[iy]/, /^jun/, /^jul/, /^aug/, /^sep/, /^o[ck]t/, /^nov/, /^de[cz]/,
]; // prettier-ignore
const MONTH =
  '(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|mrz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)';
const DAY_NAME = Object.keys(WEEKDAYS).join('|');

/** Only words that set a time limit; "on Friday" or a date alone is no deadline. */
const LIMIT =
  '(?:no later than|not later than|latest by|due(?: date)?(?: on| by)?:?|deadline(?: is)?(?: on)?:?|by|until|before|spätestens(?: bis)?(?: zum| am)?|bis(?: spätestens)?(?: zum)?|fällig(?: am| bis)?:?|frist(?: ist)?(?: am| bis)?:?|abgabe(?: am| bis)?:?)';
const SOURCE = [
  `(?<iso>\\d{4}-\\d{2}-\\d{2})(?!\\d)`,
  `(?<day>\\d{1,2})\\.\\s?(?<month>\\d{1,2})\\.(?:(?<year>\\d{4}|\\d{2})(?!\\d))?`,
  `(?<dayFirst>\\d{1,2})(?:st|nd|rd|th|\\.)?\\s(?:of\\s)?(?<monthLast>${MONTH})\\b\\.?(?:,?\\s(?<yearLast>\\d{4}))?`,
  `(?<monthFirst>${MONTH})\\b\\.?\\s(?<dayLast>\\d{1,2})(?:st|nd|rd|th)?(?![\\d:])(?:,?\\s(?<yearThird>\\d{4}))?`,
  `(?<today>eod|end of (?:the )?day|cob|close of business|today|tonight|heute(?: abend)?)`,
  `(?<tomorrow>tomorrow|morgen)`,
  `(?<weekend>eow|end of (?:the |this )?week|ende der woche)`,
  `(?<monthend>eom|end of (?:the |this )?month|monatsende|ende des monats)`,
  `(?<next>next |nächsten |kommenden |coming )?(?<weekday>${DAY_NAME})(?![\\p{L}\\p{N}])`,
].join('|');
const DEADLINE = new RegExp(
  `(?<![\\p{L}\\p{N}])${LIMIT}\\s(?:(?:the|this|dem|den|diesen|einschließlich|${DAY_NAME}),?\\s)?(?:den\\s)?(?:${SOURCE})`,
  'giu',
);

const ABSENCE =
  /\b(?:out of office|out|away|vacation|holiday|on leave|closed|open|valid|runs|urlaub|abwesend|unterwegs|verreist|geschlossen|geöffnet|gültig)\b/;
const sentenceEnd = (text: string) => /[^.!?\n]*$/.exec(text)?.[0] ?? '';
const sentenceStart = (text: string) => /^[^.!?\n]*/.exec(text)?.[0] ?? '';

/**
 * The earliest deadline that a text sets, as a date in the reader's zone (`2026-11-30`), or null. Knows "by Friday", "until
 * 30 Nov", "due 2026-12-01", "bis Freitag", "spätestens am 30.11."; says nothing where the words leave it open. Weekdays are
 * the next to come, `now`'s own day counting as today.
 * @param now milliseconds since 1970: when the text was written, not when it is read
 * @param zone IANA time zone
 */
export function deadlineIn(text: string, now: number, zone: string): string | null {
  const today = DateTime.fromMillis(now, { zone }).startOf('day');
  if (!today.isValid) return null;
  let earliest: DateTime | null = null;
  const plain = text
    .slice(0, LONGEST_TEXT)
    .normalize('NFKC')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n\s*/g, '\n')
    .toLowerCase();
  for (const { 0: match, index, groups } of plain.matchAll(DEADLINE)) {
    if (
      isNoDemand(
        match,
        plain.slice(Math.max(0, index - 60), index),
        plain.slice(index + match.length, index + match.length + 60),
      )
    )
      continue;
    const date = dateOf(groups ?? {}, today);
    if (date === null || !date.isValid || date < today || date.diff(today, 'days').days > FARTHEST_DAYS) continue;
    if (earliest === null || date < earliest) earliest = date;
  }
  return earliest?.toISODate() ?? null;
}

/** "I am away until Friday" is no deadline, nor is the German good-bye "Bis Freitag!". */
function isNoDemand(match: string, before: string, after: string): boolean {
  if (!/^(?:until|bis|before)/.test(match)) return false;
  if (ABSENCE.test(sentenceEnd(before)) || ABSENCE.test(sentenceStart(after))) return true;
  const goodBye = /^bis (?:\p{L}+ )?\p{L}+$/u.test(match);
  return goodBye && /(?:^|[.!?\n])\s*$/.test(before) && /^\s?(?:[!.,\n]|$)/.test(after);
}

function dateOf(found: Readonly<Record<string, string | undefined>>, today: DateTime): DateTime | null {
  if (found['iso'] !== undefined) return DateTime.fromISO(found['iso'], { zone: today.zone });
  if (found['day'] !== undefined) return dated(today, found['day'], Number(found['month']), found['year']);
  if (found['dayFirst'] !== undefined)
    return dated(today, found['dayFirst'], monthOf(found['monthLast']), found['yearLast']);
  if (found['dayLast'] !== undefined)
    return dated(today, found['dayLast'], monthOf(found['monthFirst']), found['yearThird']);
  if (found['today'] !== undefined) return today;
  if (found['tomorrow'] !== undefined) return today.plus({ days: 1 });
  if (found['weekend'] !== undefined) return today.weekday > 5 ? null : today.set({ weekday: 5 });
  if (found['monthend'] !== undefined) return today.endOf('month').startOf('day');
  const weekday = WEEKDAYS[found['weekday'] ?? ''];
  if (weekday === undefined) return null;
  const ahead = (weekday - today.weekday + 7) % 7;
  return today.plus({ days: ahead === 0 && found['next'] !== undefined ? 7 : ahead });
}

/** Without a year: the next such day, so that "by 5 Jan" written in December is next year's. */
function dated(today: DateTime, day: string, month: number, year: string | undefined): DateTime {
  const full = year === undefined ? today.year : Number(year.length === 2 ? `20${year}` : year);
  const date = DateTime.fromObject({ year: full, month, day: Number(day) }, { zone: today.zone });
  if (year !== undefined || !date.isValid || date >= today) return date;
  return today.diff(date, 'days').days > 180 ? date.plus({ years: 1 }) : date;
}

function monthOf(name: string | undefined): number {
  return MONTHS.findIndex((month) => month.test(name ?? '')) + 1;
}
