import { z } from 'zod';
import { APPROVAL_KINDS, APPROVAL_STATUSES } from './approval.ts';

const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
export const APPROVAL_ID = z.string().regex(ULID, 'must be an approval id: 26 characters of a ULID');

/** `GET /approvals` */
export const APPROVAL_LIST = z.strictObject({
  status: z.enum(APPROVAL_STATUSES).optional(),
  kind: z.enum(APPROVAL_KINDS).optional(),
  userId: z.string().min(1).max(100).optional().describe('Whose; without it your own. Agent tokens must name one'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().regex(ULID, 'must be the `nextCursor` of an earlier answer').optional(),
});
export type ApprovalList = z.output<typeof APPROVAL_LIST>;

/** `POST /approvals/:id/approve` */
export const APPROVE = z
  .strictObject({
    edit: z
      .record(z.string().min(1).max(100), z.unknown())
      .optional()
      .describe('What is to be different from the proposal; of a reply `subject` and `text`'),
  })
  .default({});
export type Approve = z.output<typeof APPROVE>;

/** `POST /approvals/:id/reject` */
export const REJECT = z.strictObject({ reason: z.string().min(1).max(1_000).optional() }).default({});
export type Reject = z.output<typeof REJECT>;

/** `POST /approvals` */
export const ASK = z.strictObject({
  decisionId: z.string().regex(ULID, 'must be a decision id: 26 characters of a ULID'),
  summary: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('What the assistant wants to do, in its own words; shown to the person as such'),
});
export type Ask = z.output<typeof ASK>;
