import { z } from 'zod';

const ATTRIBUTE_LIMIT_BYTES = 16 * 1024;

const text = (max: number) => z.string().min(1).max(max);
const bounded = (what: string) => (value: unknown) =>
  JSON.stringify(value).length <= ATTRIBUTE_LIMIT_BYTES || `${what} may have at most 16 KiB as JSON`;
const sized = <T extends z.ZodType>(schema: T, what: string) =>
  schema.refine((value) => bounded(what)(value) === true, `${what} may have at most 16 KiB as JSON`);

/** What an assistant (or a person, for themselves) asks to do. */
export const EVALUATION = z.strictObject({
  action: z
    .string()
    .regex(
      /^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}$/,
      'must be a tool or action name, such as "email_send": letters, digits, "_", ".", ":", "/", "-", at most 128',
    )
    .describe('The tool or action'),
  subject: z
    .strictObject({ userId: text(100) })
    .optional()
    .describe('For whom; with agent tokens only'),
  resource: z
    .strictObject({
      type: text(100).optional(),
      id: text(500).optional(),
      connector: text(50).optional(),
      classification: text(50)
        .optional()
        .describe('public, internal, confidential or restricted; anything else counts as restricted'),
      attributes: sized(z.record(z.string().max(200), z.unknown()), 'attributes').optional(),
    })
    .optional(),
  context: sized(
    z.looseObject({
      channel: text(100).optional(),
      model: z.looseObject({ provider: text(100), id: text(200) }).optional(),
      destination: z.looseObject({ external: z.boolean() }).optional(),
      feature: text(100).optional(),
      exchange: z
        .looseObject({
          type: text(100),
          classification: text(50).optional(),
          round: z.number().int().min(0).max(1000).optional(),
          max_rounds: z.number().int().min(0).max(1000).optional(),
          cross_org: z.boolean().optional(),
        })
        .optional(),
    }),
    'context',
  ).optional(),
});
export type Evaluation = z.output<typeof EVALUATION>;

export const BATCH = z.strictObject({ items: z.array(EVALUATION).min(1).max(100) });
export type Batch = z.output<typeof BATCH>;

export const DECISION_ID = z
  .string()
  .regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'must be a decision id: 26 characters of a ULID');
