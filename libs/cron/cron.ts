import { CronExpressionParser } from 'cron-parser';

/** What is wrong with a cron expression, in words; undefined where nothing is. */
export function cronProblem(cron: string): string | undefined {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5)
    return `has ${fields.length} fields; accepted: five (minute hour day month weekday), such as "0 8 * * 1-5"`;
  // Some readers take H for a minute of their own choice, another one each time.
  if (/\bH\b|\bH\(/i.test(cron))
    return 'has "H", which names no time; accepted: minute hour day month weekday, such as "0 8 * * 1-5"';
  try {
    CronExpressionParser.parse(cron, { tz: 'UTC' }).next();
    return undefined;
  } catch (error) {
    return `cannot be read (${(error as Error).message}); accepted: minute hour day month weekday, such as "0 8 * * 1-5"`;
  }
}

const DAY_MINUTES = 24 * 60;

/**
 * The shortest while from one time of the expression to the next, in minutes, as if every day had them.
 * @throws where the expression cannot be read
 */
export function shortestGapMinutes(cron: string): number {
  const { minute, hour } = CronExpressionParser.parse(cron, { tz: 'UTC' }).fields;
  const times = hour.values.flatMap((h) => minute.values.map((m) => Number(h) * 60 + Number(m))).sort((a, b) => a - b);
  const gaps = times.map((time, i) => (times[i + 1] ?? times[0]! + DAY_MINUTES) - time);
  return Math.min(...gaps);
}
