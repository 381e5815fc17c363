import { z } from 'zod';
import type { ModuleReference } from '../modules/index.ts';
import { AUTONOMY, DECISIONS, DOMAINS, SCOPES, toDecision } from '../rules/index.ts';

const verdict = { autonomy: z.enum(AUTONOMY), verdict: z.enum(DECISIONS) };

/** What the base Rego answers for one input. Anything that does not fit is no decision at all. */
export const ENGINE_DECISION = z
  .object({
    decision: z.enum(DECISIONS),
    allow: z.boolean(),
    autonomy: z.enum(AUTONOMY),
    reason: z.string().min(1),
    constraints: z.record(z.string(), z.unknown()),
    obligations: z.object({ disclosure: z.boolean(), notify: z.boolean() }),
    classification: z.string().nullish(),
    revision: z.string().nullish(),
    policies: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        scope: z.enum(SCOPES),
        scopeId: z.string(),
        version: z.string(),
        domain: z.enum(DOMAINS),
        ...verdict,
      }),
    ),
    domains: z.array(
      z.object({
        domain: z.enum(DOMAINS),
        autonomy: z.enum(AUTONOMY),
        default: z.boolean(),
        scopes: z.array(z.object({ scope: z.enum(SCOPES), scopeId: z.string(), reason: z.string(), ...verdict })),
      }),
    ),
  })
  .refine((d) => toDecision(d.autonomy) === d.decision && d.allow === (d.decision === 'allow'), 'contradicts itself');
export type EngineDecision = z.output<typeof ENGINE_DECISION>;

type DenialReason = 'policy_engine_unreachable' | 'unknown_subject' | 'policy_module_too_slow' | 'policy_module_failed';

/** The denial that holds where there is no decision. */
export function denied(reason: DenialReason): EngineDecision {
  return {
    decision: 'deny',
    allow: false,
    autonomy: 'block',
    reason,
    constraints: {},
    obligations: { disclosure: false, notify: false },
    classification: null,
    revision: null,
    policies: [],
    domains: [],
  };
}

/** The denial that holds where a module could not be evaluated: it names the module and says why. */
export function deniedByModule({ domain, ...policy }: ModuleReference, why: string): EngineDecision {
  const said = { autonomy: 'block', verdict: 'deny' } as const;
  const { scope, scopeId } = policy;
  return {
    ...denied('policy_module_failed'),
    policies: [{ ...policy, domain, ...said }],
    domains: [{ domain, autonomy: 'block', default: false, scopes: [{ scope, scopeId, reason: why, ...said }] }],
  };
}
