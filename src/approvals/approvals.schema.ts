import { DECISION_ID } from '#policy';
import { z } from 'zod';
import { KINDS, STATUSES } from './approval.ts';

export const APPROVAL_ID = z
  .string()
  .regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'must be an approval id: 26 characters of a ULID');

const MOST_BYTES = 64 * 1024;
const sized = (most: number) => (value: unknown) => Buffer.byteLength(JSON.stringify(value)) <= most;

/** `GET /approvals` */
export const APPROVAL_LIST = z.strictObject({
  userId: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('Whose; without it your own, or those of an assistant’s people'),
  status: z.enum(STATUSES).optional(),
  kind: z.enum(KINDS).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: APPROVAL_ID.optional().describe('`nextCursor` of the page before'),
});
export type ApprovalList = z.output<typeof APPROVAL_LIST>;

/** `POST /approvals/:id/approve` */
export const APPROVE = z.strictObject({
  edit: z
    .record(z.string().max(200), z.unknown())
    .refine(sized(MOST_BYTES), 'may have at most 64 KiB as JSON')
    .optional()
    .describe('Fields of the proposal as they shall be instead; which ones may be edited depends on the kind'),
});
export type Approve = z.output<typeof APPROVE>;

/** `POST /approvals/:id/reject` */
export const REJECT = z.strictObject({ reason: z.string().trim().min(1).max(1000).optional() });
export type Reject = z.output<typeof REJECT>;

/** `POST /approvals` */
export const ASK = z.strictObject({
  decisionId: DECISION_ID.describe('A recorded decision `require_approval`, not older than 24 hours'),
  summary: z
    .string()
    .trim()
    .min(1)
    .max(1000)
    .optional()
    .describe('What the assistant says it wants; shown as its own words'),
  input: z
    .record(z.string().max(200), z.unknown())
    .refine(sized(MOST_BYTES / 4), 'may have at most 16 KiB as JSON')
    .optional()
    .describe('What the tool would be called with, as the assistant says'),
});
export type Ask = z.output<typeof ASK>;
