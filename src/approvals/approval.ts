import type { Classification } from '#libs/classification';
import type { Transaction } from '#libs/database';
import type { ZodType } from 'zod';

/** `reply`: a drafted answer; `tool`: an assistant's call; `commitment`: what an exchange would bind somebody to. */
export const APPROVAL_KINDS = ['reply', 'tool', 'commitment'] as const;
export type ApprovalKind = (typeof APPROVAL_KINDS)[number];

export const APPROVAL_STATUSES = ['pending', 'approved', 'rejected', 'expired'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** A question that one person has to decide. */
export interface NewApproval {
  readonly tenantId: string;
  /** Whose it is to decide. */
  readonly userId: string;
  readonly kind: ApprovalKind;
  /** One line for people. */
  readonly subject: string;
  /** What would be done; for a reply `{to, subject, text}`. */
  readonly proposal: Readonly<Record<string, unknown>>;
  readonly classification: Classification;
  readonly messageId?: string;
  readonly decisionId?: string;
  readonly exchangeId?: string;
  readonly requestId?: string | null;
}

/** Source: the API contract, "Shapes". Times are ISO 8601. */
export interface Approval {
  readonly id: string;
  readonly tenantId: string;
  readonly userId: string;
  readonly kind: ApprovalKind;
  readonly status: ApprovalStatus;
  readonly subject: string;
  /** As it was approved, where it was edited. */
  readonly proposal: Readonly<Record<string, unknown>>;
  readonly edited: boolean;
  readonly classification: Classification;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly decidedAt?: string;
  /** `user:alice`, or `system` where time or policy has decided. */
  readonly decidedBy?: string;
  readonly reason?: string;
  readonly messageId?: string;
  readonly decisionId?: string;
  readonly exchangeId?: string;
}

/** The module whose things of one kind wait for a decision. */
export interface ApprovalOwner {
  /** What a person may change of the proposal before approving it; absent: nothing. The result replaces what it names. */
  readonly editable?: ZodType<Record<string, unknown>>;
  /**
   * Stores what follows from the decision, with its job, in the transaction of the decision itself: approved, rejected or
   * expired. What it throws takes the decision back.
   */
  settled(tx: Transaction, approval: Approval): Promise<void>;
  /** Once that transaction has committed. */
  after?(approval: Approval): void;
}

/** What a person says to a question. */
export type Verdict =
  | { readonly approve: true; readonly edit?: Readonly<Record<string, unknown>> | undefined }
  | { readonly approve: false; readonly reason?: string | undefined };
