import { cronProblem, shortestGapMinutes } from '#libs/cron';
import { z } from 'zod';

const cron = z
  .string()
  .min(1)
  .max(100)
  .superRefine((value, context) => {
    const problem = cronProblem(value);
    if (problem) context.addIssue({ code: 'custom', message: `"${value}" ${problem}` });
  })
  .describe('Five fields (minute hour day month weekday), as the clocks of the time zone show them');

/** `PUT /briefing-schedule` */
export const SCHEDULE = z
  .strictObject({
    cron,
    timeZone: z
      .string()
      .max(100)
      .refine(isTimeZone, 'must be a time zone of the IANA database, such as "Europe/Berlin"')
      .optional()
      .describe('Without it: your own'),
    windowMinutes: z.number().int().min(1).max(720).default(30),
    enabled: z.boolean().default(true),
    deliver: z
      .array(z.enum(['mail']))
      .max(1)
      .default([])
      .describe('Besides the API: by mail to yourself, if policy allows'),
  })
  .superRefine(({ cron: expression, windowMinutes }, context) => {
    if (cronProblem(expression)) return;
    const gap = shortestGapMinutes(expression);
    if (windowMinutes <= gap) return;
    const message = `${windowMinutes} is longer than the ${gap} minutes that "${expression}" leaves between two briefings; accepted: 1 to ${gap}`;
    context.addIssue({ code: 'custom', path: ['windowMinutes'], message });
  });
export type ScheduleInput = z.output<typeof SCHEDULE>;

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
