import type { DecisionAnswer } from '../evaluation/evaluator.ts';

/** A decision of the AuthZEN Authorization API 1.0, section "Decision". */
export interface AccessDecision {
  /** True for `allow` alone: an enforcement point that knows nothing of approvals must not go ahead. */
  readonly decision: boolean;
  readonly context: Readonly<Record<string, unknown>>;
}

const FOR_USERS = {
  allow: 'This is allowed.',
  require_approval: 'A person must approve this first.',
  deny: 'This is not allowed. Your administrator can say why.',
} as const;

/**
 * The answer in AuthZEN's words. The reasons are keyed by an HTTP status, as in the specification's example; what is
 * meant for administrators names policies, what users may see does not.
 */
export function toAccessDecision(answer: DecisionAnswer): AccessDecision {
  const code = answer.decision === 'allow' ? '200' : '403';
  return {
    decision: answer.decision === 'allow',
    context: {
      decisionId: answer.decisionId,
      decision: answer.decision,
      autonomy: answer.autonomy,
      reason: answer.reason,
      reason_admin: { [code]: answer.reason },
      reason_user: { [code]: FOR_USERS[answer.decision] },
      obligations: answer.obligations,
      constraints: answer.constraints,
      policies: answer.policies,
      revision: answer.revision,
    },
  };
}

/** The decision with which a short-circuiting request ended, marked as the specification's example does. */
export function lastOf(decision: AccessDecision, semantic: string): AccessDecision {
  return { ...decision, context: { ...decision.context, code: '200', reason: semantic } };
}
