import { toDecision } from '../rules/index.ts';
import type { EngineDecision } from './decision.ts';

type Said = Pick<EngineDecision, 'policies' | 'domains'>;
type Policy = Omit<Said['policies'][number], 'domain' | 'verdict'>;

/** What was said in each domain, as the audit log keeps it: a policy's name beside its words, no verdict that follows. */
export interface RecordedSaying {
  readonly domains: readonly (Omit<Said['domains'][number], 'scopes'> & {
    readonly scopes: readonly (Policy & { readonly reason: string })[];
  })[];
}

/** Without what stands in a decision twice: `policies` are the voices of `domains`, one by one and in the same order. */
export function toRecord({ domains, policies }: Said): RecordedSaying {
  let next = 0;
  return {
    domains: domains.map(({ domain, autonomy, default: byDefault, scopes }) => ({
      domain,
      autonomy,
      default: byDefault,
      scopes: scopes.map(({ reason }) => {
        const { domain: _domain, verdict: _verdict, ...policy } = policies[next++]!;
        return { ...policy, reason };
      }),
    })),
  };
}

/** Back from the audit log. Entries of earlier versions have both lists whole. */
export function fromRecord(record: RecordedSaying | Said): Said {
  if ('policies' in record) return record;
  return {
    policies: record.domains.flatMap(({ domain, scopes }) =>
      scopes.map(({ reason: _reason, ...policy }) => ({ ...policy, domain, verdict: toDecision(policy.autonomy) })),
    ),
    domains: record.domains.map((said) => ({
      ...said,
      scopes: said.scopes.map(({ scope, scopeId, autonomy, reason }) => ({
        scope,
        scopeId,
        autonomy,
        verdict: toDecision(autonomy),
        reason,
      })),
    })),
  };
}
