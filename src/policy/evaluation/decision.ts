import type { Autonomy, Decision, Domain, PolicyReference } from '../rules/index.ts';

interface Verdict {
  readonly autonomy: Autonomy;
  readonly verdict: Decision;
}

/** What was decided about one request, in words. */
export interface EngineDecision {
  readonly decision: Decision;
  readonly allow: boolean;
  readonly autonomy: Autonomy;
  readonly reason: string;
  readonly constraints: Readonly<Record<string, unknown>>;
  readonly obligations: { readonly disclosure: boolean; readonly notify: boolean };
  readonly classification: string | null;
  readonly revision: string | null;
  /** The policies that had an opinion. */
  readonly policies: readonly (PolicyReference & Verdict & { readonly domain: Domain })[];
  /** What each scope said about each domain, from the top. `default` where it was no scope that decided. */
  readonly domains: readonly (Pick<Verdict, 'autonomy'> & {
    readonly domain: Domain;
    readonly default: boolean;
    readonly scopes: readonly (Pick<PolicyReference, 'scope' | 'scopeId'> & Verdict & { readonly reason: string })[];
  })[];
}

/** The denial that holds where there is no ruling. */
export function denied(
  reason: 'policy_engine_unreachable' | 'unknown_subject' | 'unknown_tenant' | 'malformed_request',
  classification: string | null = null,
): EngineDecision {
  return {
    decision: 'deny',
    allow: false,
    autonomy: 'block',
    reason,
    constraints: {},
    obligations: { disclosure: false, notify: false },
    classification,
    revision: null,
    policies: [],
    domains: [],
  };
}
