import semver from 'semver';
import { z } from 'zod';
import { MAX_MODULE_BYTES } from './modules/index.ts';
import { DOMAINS, MAX_DOCUMENT_BYTES, SCOPES } from './rules/index.ts';

const version = z
  .string()
  .max(64)
  .refine((value) => semver.valid(value) === value, 'must be a semantic version, such as "1.0.0"');
const changeReason = z.string().trim().min(3, 'must say in a few words why (at least 3 characters)').max(1000);
const content = z.string().max(MAX_DOCUMENT_BYTES).optional().describe('The rules document as YAML or JSON text');
const rego = z.string().max(MAX_MODULE_BYTES).optional().describe('Instead of a rules document: a Rego module');

/** A policy is a rules document or a Rego module. */
export const eitherOr = (body: { content?: string | undefined; rego?: string | undefined }) =>
  (body.content === undefined) !== (body.rego === undefined);
export const EITHER_OR = {
  path: ['content'],
  error: 'give either "content" (a rules document) or "rego" (a Rego module)',
};
const scopeId = z.string().min(1).max(100);
const name = z.string().trim().min(1).max(200);

/** `POST /policies` */
export const NEW_POLICY = z
  .strictObject({
    scope: z.enum(SCOPES),
    scopeId,
    domain: z.enum(DOMAINS),
    name,
    version,
    content,
    rego,
    changeReason,
    status: z.enum(['draft', 'active']).default('draft'),
  })
  .refine(eitherOr, EITHER_OR);
export type NewPolicy = z.output<typeof NEW_POLICY>;

/** `PUT /policies/:id` */
export const POLICY_CHANGE = z
  .strictObject({
    version,
    content,
    rego,
    changeReason,
    status: z.enum(['draft', 'active']).optional(),
  })
  .refine(eitherOr, EITHER_OR);
export type PolicyChange = z.output<typeof POLICY_CHANGE>;

/** `DELETE /policies/:id` */
export const POLICY_DEPRECATION = z.strictObject({ changeReason });
export type PolicyDeprecation = z.output<typeof POLICY_DEPRECATION>;

export const POLICY_LIST = z.strictObject({
  scope: z.enum(SCOPES).optional(),
  scopeId: scopeId.optional(),
  domain: z.enum(DOMAINS).optional(),
  status: z.enum(['draft', 'active', 'deprecated']).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(100).optional(),
});
export type PolicyList = z.output<typeof POLICY_LIST>;

export const EFFECTIVE = z.strictObject({ userId: z.string().min(1).max(100).optional() });
export type EffectiveQuery = z.output<typeof EFFECTIVE>;

export const POLICY_ID = z.string().max(100);
