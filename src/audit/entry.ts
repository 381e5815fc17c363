import type { Classification } from '#libs/classification';

/** What was done. Source: DOMAIN rules, section 7. */
export const ACTION_TYPES = [
  'tool_invocation',
  'data_access',
  'model_call',
  'policy_decision',
  'agent_exchange',
  'policy_change',
  'auto_response',
  'approval',
  'sign_in',
  'admin',
] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

/** `engine` in the detail of a decision that this service made. No caller of the API can write it. */
export const DECISION_MARK = 'opa';

export const POLICY_RESULTS = ['allow', 'deny', 'require_approval'] as const;
export type PolicyResult = (typeof POLICY_RESULTS)[number];

export const OUTCOMES = ['success', 'denied', 'error', 'pending_approval'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** A piece of data that was looked at, where it came from and what for. */
export interface DataAccess {
  readonly source: string;
  readonly classification: Classification;
  readonly purpose: string;
}

/** An entry as its author knows it. Organisation and teams are the person's at that time, from the directory. */
export interface NewEntry {
  readonly tenantId: string;
  /** On whose behalf; absent for work of the system itself. */
  readonly userId?: string | null;
  readonly orgId?: string | null;
  readonly teamIds?: readonly string[];
  /** Who wrote it: `user:alice`, `agent:01J…`, `system`. */
  readonly actor: string;
  readonly actionType: ActionType;
  /** At most 64 KiB as JSON. */
  readonly actionDetail: string | Readonly<Record<string, unknown>>;
  readonly dataAccessed?: readonly DataAccess[] | null;
  readonly modelUsed?: string | null;
  readonly modelTokens?: { readonly input: number; readonly output: number } | null;
  readonly dataClassification?: Classification | null;
  /** Names or ids of the policies that spoke. */
  readonly policyApplied?: string | readonly string[] | null;
  readonly policyResult?: PolicyResult | null;
  readonly policyReason?: string | null;
  readonly outcome: Outcome;
  readonly requestId?: string | null;
}

/** An entry as it lies in the log. */
export interface AuditEntry {
  /** ULID; its millisecond part is `timestamp`. */
  readonly id: string;
  readonly tenantId: string;
  readonly timestamp: string;
  readonly userId: string | null;
  readonly orgId: string | null;
  readonly teamIds: readonly string[];
  readonly actor: string;
  readonly actionType: ActionType;
  readonly actionDetail: string | Readonly<Record<string, unknown>>;
  readonly dataAccessed: readonly DataAccess[];
  readonly modelUsed: string | null;
  readonly modelTokens: { readonly input: number; readonly output: number } | null;
  readonly dataClassification: Classification | null;
  readonly policyApplied: string | readonly string[] | null;
  readonly policyResult: PolicyResult | null;
  readonly policyReason: string | null;
  readonly outcome: Outcome;
  readonly requestId: string | null;
  readonly writer: string;
  /** Gap-free for each tenant and writer, from 1. */
  readonly writerSeq: number;
}
