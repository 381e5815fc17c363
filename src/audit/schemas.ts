import { CLASSIFICATIONS } from '#libs/classification';
import { instant } from '#libs/http';
import { z } from 'zod';
import { checked, checkedBy } from './checked.ts';
import { decodeCursor } from './cursor.ts';
import { ACTION_TYPES, OUTCOMES, POLICY_RESULTS } from './entry.ts';
import { EXPORT_FORMATS } from './export.ts';

const key = () => z.string().min(1).max(256);
const text = (max: number) => z.string().max(max);
const tokens = z.number().int().min(0).max(1_000_000_000);

const dataAccess = z.strictObject({
  source: key(),
  classification: z.enum(CLASSIFICATIONS),
  purpose: text(1_000),
});
const detail = z.union([z.string(), z.record(z.string(), z.unknown())], {
  error: (issue) =>
    `${issue.input === undefined ? 'is missing' : `is ${JSON.stringify(issue.input)?.slice(0, 60)}`}; accepted: an object or text, at most 64 KiB as JSON`,
});
const policyApplied = z.union([key(), z.array(key()).max(200)], {
  error: () => 'accepted: a policy name or a list of at most 200 of them',
});

/** An entry as a caller of the API sends it. */
const entry = z.strictObject({
  tenantId: key().optional(),
  userId: key().optional(),
  actionType: z.enum(ACTION_TYPES),
  actionDetail: detail,
  dataAccessed: z.array(dataAccess).max(100).nullish(),
  modelUsed: text(256).nullish(),
  modelTokens: z.strictObject({ input: tokens, output: tokens }).nullish(),
  dataClassification: z.enum(CLASSIFICATIONS).nullish(),
  policyApplied: policyApplied.nullish(),
  policyResult: z.enum(POLICY_RESULTS).nullish(),
  policyReason: text(8_192).nullish(),
  outcome: z.enum(OUTCOMES),
  requestId: key().nullish(),
});
export type EntryBody = z.output<typeof entry>;

const entries = z.strictObject({ entries: z.array(entry).min(1).max(500) });
export type AppendBody = EntryBody | z.output<typeof entries>;

export const APPEND = checkedBy<AppendBody>(z.union([entry, entries]), (value) =>
  typeof value === 'object' && value !== null && 'entries' in value ? entries : entry,
);
export const APPENDED = z.object({ ids: z.array(z.string()) });

const filter = {
  userId: key().optional(),
  actionType: z.enum(ACTION_TYPES).optional(),
  policyResult: z.enum(POLICY_RESULTS).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  classification: z.enum(CLASSIFICATIONS).optional(),
  requestId: key().optional(),
  source: key().optional(),
  q: z
    .string()
    .max(200)
    .regex(/[\p{L}\p{N}]/u, 'accepted: words, with at least one letter or digit')
    .refine((value) => !value.includes('\u0000') && value.isWellFormed(), 'accepted: well-formed Unicode without NUL')
    .optional(),
  from: instant().optional(),
  to: instant().optional(),
};
const inOrder = {
  check: (query: { from?: string | undefined; to?: string | undefined }) =>
    query.from === undefined || query.to === undefined || Date.parse(query.from) <= Date.parse(query.to),
  message: { path: ['to'], error: 'is before "from"; accepted: a time not before it' },
};

const query = z
  .strictObject({
    ...filter,
    limit: z
      .string()
      .regex(/^\d{1,3}$/, 'accepted: a whole number from 1 to 500')
      .transform(Number)
      .pipe(z.number().min(1).max(500))
      .default(50),
    cursor: z
      .string()
      .refine((value) => decodeCursor(value) !== undefined, 'accepted: the nextCursor of an earlier answer')
      .optional(),
  })
  .refine(inOrder.check, inOrder.message);
export type AuditQuery = z.output<typeof query>;
export const QUERY = checked<AuditQuery>(query);

const exportQuery = z
  .strictObject({ ...filter, format: z.enum(EXPORT_FORMATS).default('jsonl') })
  .refine(inOrder.check, inOrder.message);
export type ExportQuery = z.output<typeof exportQuery>;
export const EXPORT = checked<ExportQuery>(exportQuery);

const completenessQuery = z.strictObject({
  full: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .default(false),
});
export type CompletenessQuery = z.output<typeof completenessQuery>;
export const COMPLETENESS = checked<CompletenessQuery>(completenessQuery);

/** An entry as it is answered. */
export const ENTRY = z.object({
  id: z.string(),
  tenantId: z.string(),
  timestamp: z.string(),
  userId: z.string().nullable(),
  orgId: z.string().nullable(),
  teamIds: z.array(z.string()),
  actor: z.string(),
  actionType: z.enum(ACTION_TYPES),
  actionDetail: z.union([z.string(), z.record(z.string(), z.unknown())]),
  dataAccessed: z.array(dataAccess),
  modelUsed: z.string().nullable(),
  modelTokens: z.object({ input: z.number(), output: z.number() }).nullable(),
  dataClassification: z.enum(CLASSIFICATIONS).nullable(),
  policyApplied: z.union([z.string(), z.array(z.string())]).nullable(),
  policyResult: z.enum(POLICY_RESULTS).nullable(),
  policyReason: z.string().nullable(),
  outcome: z.enum(OUTCOMES),
  requestId: z.string().nullable(),
  writer: z.string(),
  writerSeq: z.number(),
});
export const PAGE = z.object({ items: z.array(ENTRY), nextCursor: z.string().nullable() });
export const REPORT = z.object({
  writers: z.array(
    z.object({
      writer: z.string(),
      entries: z.number(),
      from: z.number(),
      to: z.number(),
      open: z.boolean(),
      startedAt: z.string(),
      lastAt: z.string(),
    }),
  ),
  gaps: z.array(z.object({ writer: z.string(), after: z.number(), before: z.number(), missing: z.number() })),
});
