import { z } from 'zod';
import { ENVELOPE, MESSAGE } from './rules/index.ts';

export const EXCHANGE_ID = z
  .string()
  .regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'must be an exchange id: 26 characters of a ULID');

const USER_ID = z.string().min(1).max(100);

/** What is sent: over the WebSocket as `sessions_send`, over HTTP with {@link POST_MESSAGE}. */
export const SEND = z.strictObject({
  to: z.strictObject({ userId: USER_ID }),
  message: MESSAGE,
  envelope: ENVELOPE,
});
export type Send = z.output<typeof SEND>;

/** `POST /exchanges` */
export const POST_MESSAGE = SEND.extend({
  onBehalfOf: USER_ID.optional().describe(
    'With agent tokens: for whom. Without it, the person whom the envelope names',
  ),
});
export type PostMessage = z.output<typeof POST_MESSAGE>;

export const OUTCOMES = ['in_progress', 'resolved', 'escalated', 'denied', 'expired'] as const;

export const EXCHANGE_LIST = z.strictObject({
  outcome: z.enum(OUTCOMES).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: EXCHANGE_ID.optional(),
});
export type ExchangeList = z.output<typeof EXCHANGE_LIST>;

/** `POST /exchanges/:id/resolve` */
export const RESOLVE = z.strictObject({
  outcome: z.enum(['resolved', 'denied']).default('resolved'),
  note: z.string().min(1).max(2_000).optional().describe('For both people'),
});
export type Resolve = z.output<typeof RESOLVE>;
