import type { Classification } from '#libs/classification';
import type { Transaction } from '#libs/database';
import type { PersonPrincipal } from '#libs/access';
import type { ZodType } from 'zod';

/** A drafted answer, a tool call whose decision was `require_approval`, an exchange between assistants. */
export const KINDS = ['reply', 'tool', 'commitment'] as const;
export type Kind = (typeof KINDS)[number];

export const STATUSES = ['pending', 'approved', 'rejected', 'expired'] as const;
export type Status = (typeof STATUSES)[number];

const HOUR_MS = 3_600_000;
/** What nobody has decided after so long is not done. Source: DOMAIN rules, section 5. */
export const EXPIRES_AFTER_MS = 24 * HOUR_MS;
/** Who has not decided is reminded once, when so much is left. */
export const REMIND_BEFORE_MS = 4 * HOUR_MS;
/** `decidedBy` where the person approved and today's policy no longer lets it be. */
export const BY_POLICY = 'policy';

export interface NewApproval {
  readonly tenantId: string;
  /** The person concerned, who decides. */
  readonly userId: string;
  readonly kind: Kind;
  /** One line for people. */
  readonly subject: string;
  /** What would be done; for a reply {to, subject, text}. */
  readonly proposal: Record<string, unknown>;
  readonly classification: Classification;
  readonly messageId?: string;
  readonly decisionId?: string;
  readonly exchangeId?: string;
  /** Which message of the exchange it is about; absent: the exchange as such. */
  readonly exchangeRound?: number;
  readonly requestId?: string | null;
}

/** Something that a person must decide. Times are ISO 8601, UTC. Source: the API contract, "Shapes". */
export interface Approval {
  /** ULID. */
  readonly id: string;
  readonly tenantId: string;
  readonly userId: string;
  readonly kind: Kind;
  readonly status: Status;
  readonly subject: string;
  /** After "edit and approve" the edited one. */
  readonly proposal: Record<string, unknown>;
  readonly edited?: true;
  readonly classification: Classification;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly decidedAt?: string;
  /** `user:<id>`; `policy` where policy changed meanwhile; absent where it expired. */
  readonly decidedBy?: string;
  readonly reason?: string;
  readonly messageId?: string;
  readonly decisionId?: string;
  readonly exchangeId?: string;
}

export type Decision =
  | { readonly approve: true; readonly edit?: Record<string, unknown> | undefined }
  | { readonly approve: false; readonly reason?: string | undefined };

/**
 * Runs inside the transaction in which it was approved, rejected or expired, so that the owner stores its state and its job
 * with it. Throwing takes the decision back.
 */
export interface OnSettled {
  (tx: Transaction, approval: Approval): Promise<void>;
}

/** Who wanted a kind of approval, and acts on what was decided. */
export interface Owner {
  /** What of the proposal may be edited; absent: nothing. */
  readonly editable?: ZodType;
  readonly settled: OnSettled;
  /** When the transaction has committed: nudge jobs. */
  after?(approval: Approval): void;
  /**
   * Before an approval counts. @returns why it may be no more; the approval is then rejected by policy
   * @throws Problem where that cannot be known now: nothing changes
   */
  recheck?(
    person: PersonPrincipal,
    approval: Approval,
    requestId: string,
  ): Promise<{ readonly reason: string; readonly decisionId: string } | undefined>;
}

/** Why a decision comes too late, in words: who decided what and when. */
export function tooLate(approval: Approval, now: number): string {
  const { id, status, decidedBy, decidedAt, expiresAt, reason } = approval;
  if (status === 'expired' || (status === 'pending' && Date.parse(expiresAt) <= now))
    return `Approval "${id}" expired at ${expiresAt}; nothing was done.`;
  const why = reason ? `: ${reason}` : '';
  return `Approval "${id}" was ${status} by ${decidedBy} at ${decidedAt}${why}. The first decision holds.`;
}
