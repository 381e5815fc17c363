import { instant } from '#libs/http';
import { z } from 'zod';
import { EITHER_OR, eitherOr, NEW_POLICY } from '../policy.schema.ts';
import { AUTONOMY, DECISIONS } from '../rules/index.ts';

const MOST_DECISIONS = 5_000;

const { scope, scopeId, domain, content, rego, name, version } = NEW_POLICY.shape;

/** `POST /policies/simulate` */
export const SIMULATION = z
  .strictObject({
    draft: z
      .strictObject({
        scope,
        scopeId,
        domain,
        content,
        rego,
        policyId: z.string().min(1).max(100).optional().describe('The policy that the draft would replace'),
        name: name.optional(),
        version: version.optional(),
      })
      .refine(eitherOr, EITHER_OR),
    from: instant().optional().describe('Decisions from here on'),
    to: instant().optional().describe('Decisions up to here'),
    limit: z.number().int().min(1).max(MOST_DECISIONS).default(500).describe('Decisions to try, the newest first'),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) <= Date.parse(to), {
    path: ['to'],
    error: 'is before "from"; accepted: a time not before it',
  });
export type Simulation = z.output<typeof SIMULATION>;

const verdict = z.object({ decision: z.enum(DECISIONS), autonomy: z.enum(AUTONOMY) });

export const SIMULATED = z.object({
  examined: z.number().int().describe('Recorded decisions that were tried'),
  flipped: z.number().int().describe('Those that would come out differently'),
  items: z.array(
    z.object({
      decisionId: z.string(),
      userId: z.string(),
      action: z.string(),
      before: verdict.describe('With the policies as they are'),
      after: verdict.describe('With the draft'),
      reason: z.string().describe('Why it would come out so'),
    }),
  ),
});
export type Simulated = z.output<typeof SIMULATED>;
