import type { Autonomy, Decision, Domain, Scope } from '../rules/index.ts';
import type { EngineDecision } from './decision.ts';

/** The parts of a recorded decision that its explanation is made of. */
export interface RecordedDecision {
  readonly userId: string;
  readonly action: string;
  readonly decision: Decision;
  readonly autonomy: Autonomy;
  readonly reason: string;
  readonly classification: string | null;
  readonly domains: EngineDecision['domains'];
  readonly policies: EngineDecision['policies'];
  readonly obligations: EngineDecision['obligations'];
  readonly revision: string | null;
}

export interface Explanation {
  /** The whole in one or two plain sentences. */
  readonly summary: string;
  /** One line for each thing that was looked at, in order. */
  readonly steps: readonly string[];
  /** What a person can do about it, if anything. */
  readonly next: string | null;
}

const SAYS: Readonly<Record<Autonomy, string>> = {
  autonomous: 'may do this on its own',
  notify: 'may do this and must tell the person',
  approve: 'must ask a person first',
  block: 'may not do this',
};

const DOMAIN_NAME: Readonly<Record<Domain, string>> = {
  actions: 'The action itself',
  integrations: 'The connected system',
  models: 'The model',
  data: 'Sharing data outside',
  features: 'The feature',
  'agent-to-agent': 'Talking to another assistant',
  audit: 'Recording',
};

const SCOPE_NAME: Readonly<Record<Scope, string>> = {
  enterprise: 'The company',
  org: 'The organisation',
  team: 'The team',
  user: 'The person',
};

const SPECIAL: Readonly<Record<string, readonly [string, string]>> = {
  policy_engine_unreachable: [
    'The policy engine did not give a usable answer, and without one nothing is allowed.',
    'Try again. If it goes on, an administrator should run "oce doctor".',
  ],
  unknown_subject: [
    'The assistant named somebody for whom it may not act, or whom the directory does not know.',
    'An administrator can check the agent token and the directory.',
  ],
  policy_module_failed: [
    'A policy written in Rego could not be evaluated for this request, and without its answer nothing is allowed.',
    'Whoever looks after the policy named here has to mend it.',
  ],
  policy_module_too_slow: [
    'The policies written in Rego took too long over this request, and without their answer nothing is allowed.',
    'Whoever looks after the Rego policies on the path of this person has to make them quicker.',
  ],
  unknown_tenant: [
    'The policy engine has not received the policies of this tenant yet, and without them nothing is allowed.',
    'Try again in a few seconds. If it goes on, an administrator should run "oce doctor".',
  ],
};

/** Explains a decision so that somebody who has never seen a policy understands it. */
export function explain(record: RecordedDecision): Explanation {
  const special = SPECIAL[record.reason];
  if (special)
    return {
      summary: `Denied: ${record.action} for ${record.userId}. ${special[0]}`,
      steps: record.domains.flatMap((domain) => stepsOf(domain, record)),
      next: special[1],
    };
  const steps = record.domains.flatMap((domain) => stepsOf(domain, record));
  steps.push(`The strictest answer counts: the assistant ${SAYS[record.autonomy]}.`);
  if (record.obligations.disclosure) steps.push('The other side must be told that an assistant acted.');
  return { summary: summaryOf(record), steps, next: nextOf(record) };
}

function summaryOf(record: RecordedDecision): string {
  const what = `${record.action} for ${record.userId}`;
  switch (record.decision) {
    case 'allow':
      return `Allowed: ${what}. The assistant ${SAYS[record.autonomy]}. ${record.reason}`;
    case 'require_approval':
      return `Waiting for a person: ${what}. The assistant ${SAYS.approve}. ${record.reason}`;
    case 'deny':
      return `Denied: ${what}. ${record.reason}`;
    default:
      return record.decision satisfies never;
  }
}

function stepsOf(domain: EngineDecision['domains'][number], record: RecordedDecision): string[] {
  const about = DOMAIN_NAME[domain.domain];
  const label = record.classification && domain.domain !== 'actions' && domain.domain !== 'features';
  const about2 = label ? `${about} (data classified "${record.classification}")` : about;
  if (domain.scopes.length === 0) {
    return [`${about2}: no policy says anything, so the built-in rule holds: the assistant ${SAYS[domain.autonomy]}.`];
  }
  return domain.scopes.map((scope) => {
    const names = record.policies
      .filter((p) => p.domain === domain.domain && p.scope === scope.scope && p.scopeId === scope.scopeId)
      .map((p) => `"${p.name}" ${p.version}`);
    const source = names.length > 0 ? ` (policy ${names.join(', ')})` : '';
    return `${about2}: ${SCOPE_NAME[scope.scope]} "${scope.scopeId}"${source} says the assistant ${SAYS[scope.autonomy]}. ${scope.reason}`;
  });
}

function nextOf(record: RecordedDecision): string | null {
  if (record.decision === 'allow') return null;
  const strictest = record.policies.find((policy) => policy.autonomy === record.autonomy);
  const who = strictest
    ? `whoever looks after the policies of ${strictest.scope} "${strictest.scopeId}"`
    : 'an administrator';
  if (record.decision === 'require_approval') return `A person can approve it. To change the rule, ask ${who}.`;
  return `To change the rule, ask ${who}${strictest ? ` about "${strictest.name}"` : ''}.`;
}
