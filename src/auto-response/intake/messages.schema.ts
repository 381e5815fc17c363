import { CLASSIFICATIONS } from '#libs/classification';
import { z } from 'zod';
import { MESSAGE_STATES } from '../message-view.ts';
import { MESSAGE_CLASSES } from '../rules/index.ts';

const HEADERS_LIMIT_BYTES = 64 * 1024;

const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\x00-\x1f\x7f\u2028\u2029]*$/, 'must be one line without control characters');
const handle = line(520).describe(
  'An address, a name and an address in angle brackets, or whatever names people there',
);

/** `POST /messages` */
export const NEW_MESSAGE = z.strictObject({
  channel: z
    .string()
    .regex(
      /^[a-z][a-z0-9_-]{0,49}$/,
      'must be the name of a channel, such as "gmail": lower-case letters, digits, "_", "-"',
    )
    .describe('Where it arrived; replies go out on `gmail` and `email`'),
  userId: line(100).optional().describe('For whom; with agent tokens only'),
  from: handle,
  to: z.union([handle.transform((one) => [one]), z.array(handle).max(200)], {
    error: 'must be an address or a list of up to 200 of them',
  }),
  subject: z
    .string()
    .max(998)
    .default('')
    .transform((text) => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()),
  text: z.string().max(500_000),
  threadId: line(500).optional(),
  messageId: line(500).describe('The same again is the same message'),
  headers: z
    .record(
      z.string().regex(/^[\x21-\x39\x3b-\x7e]{1,100}$/, 'must be the name of a header'),
      z.union([z.string().max(10_000), z.array(z.string().max(10_000)).max(50)]),
    )
    .refine((value) => JSON.stringify(value).length <= HEADERS_LIMIT_BYTES, 'may have at most 64 KiB as JSON')
    .default({}),
  receivedAt: z.iso.datetime({ offset: true, message: 'must be a time such as 2026-11-25T08:00:00Z' }).optional(),
  classification: z
    .enum(CLASSIFICATIONS)
    .optional()
    .describe('How sensitive it is, where the sender’s side has said so'),
});
export type NewMessage = z.output<typeof NEW_MESSAGE>;

export const MESSAGE_ID = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'must be a message id: 26 characters of a ULID');

/** `POST /messages/:id/correction` */
export const CORRECTION = z.strictObject({
  class: z.enum(MESSAGE_CLASSES).describe('What it should have been taken for'),
});
export type CorrectionInput = z.output<typeof CORRECTION>;

/** `GET /auto-responses` */
export const ACTIVITY = z.strictObject({
  state: z.enum(MESSAGE_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: MESSAGE_ID.optional(),
});
export type Activity = z.output<typeof ACTIVITY>;
