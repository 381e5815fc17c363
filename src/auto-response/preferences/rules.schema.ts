import { z } from 'zod';
import { AUTONOMIES, MESSAGE_CLASSES } from '../rules/index.ts';

const MOST_CONTACTS = 500;
const MOST_CHANNELS = 50;
const autonomy = z.enum(AUTONOMIES);

const match = z
  .string()
  .min(1)
  .max(320)
  .regex(
    /^(\*|@[^\s@<>,]+\.[^\s@<>,]+|[^\s@<>,]+@[^\s@<>,]+|[^\s@<>,*][^\s@<>,]*)$/,
    'must be an address, a domain such as "@acme.test", or "*" for everybody',
  )
  .transform((text) => text.toLowerCase());

/** `PUT /auto-response-rules` */
export const RULES = z.strictObject({
  contacts: z
    .array(z.strictObject({ match, autonomy }))
    .max(MOST_CONTACTS)
    .superRefine((rules, context) => {
      const seen = new Set<string>();
      for (const [i, { match: one }] of rules.entries()) {
        if (seen.has(one)) context.addIssue({ code: 'custom', path: [i, 'match'], message: `"${one}" stands twice` });
        seen.add(one);
      }
    })
    .default([])
    .describe('The narrowest one that matches counts'),
  channels: z
    .record(z.string().regex(/^[a-z][a-z0-9_-]{0,49}$/, 'must be the name of a channel, such as "gmail"'), autonomy)
    .refine((value) => Object.keys(value).length <= MOST_CHANNELS, `may name at most ${MOST_CHANNELS} channels`)
    .default({}),
  classes: z.partialRecord(z.enum(MESSAGE_CLASSES), autonomy).default({}),
});
export type RulesInput = z.output<typeof RULES>;
