import { IdSource } from '#audit';
import { People } from '#identity';
import { mayActFor, peopleOf, type PersonPrincipal, type Principal, principalName } from '#libs/access';
import { Clock } from '#libs/clock';
import { Database, type Transaction } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { Problem } from '#libs/http';
import { Injectable } from '@nestjs/common';
import * as sql from './approvals.sql.ts';
import {
  type Approval,
  BY_POLICY,
  type Decision,
  EXPIRES_AFTER_MS,
  type Kind,
  type NewApproval,
  type Owner,
  tooLate,
} from './approval.ts';
import type { ApprovalList } from './approvals.schema.ts';
import { edited } from './editing.ts';
import { pendingPayload, Settlements } from './settlements.ts';

/** The one queue of what people must decide. */
@Injectable()
export class Approvals {
  constructor(
    private readonly database: Database,
    private readonly events: PersonEvents,
    private readonly settlements: Settlements,
    private readonly people: People,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Puts something before a person, in the caller's transaction, with the event that tells of it; so to be called last there,
   * and then {@link announce} after the transaction. It expires after 24 hours.
   * @returns the approval; the one that is there, where the same message, decision or round of an exchange was asked before
   */
  async request(tx: Transaction, wanted: NewApproval): Promise<Approval> {
    const { tenantId, userId, kind, subject, proposal, classification } = wanted;
    const now = this.clock.now();
    const { messageId = null, decisionId = null, exchangeId = null, exchangeRound = 0 } = wanted;
    const asked = [messageId, decisionId, exchangeId, exchangeRound];
    const [row]: sql.ApprovalRow[] = await tx.query(sql.INSERT_APPROVAL, [
      ...[tenantId, this.ids.next(), userId, kind, subject, JSON.stringify(proposal), classification],
      ...[new Date(now), new Date(now + EXPIRES_AFTER_MS), ...asked, wanted.requestId ?? null],
    ]);
    if (row) {
      const approval = sql.toApproval(row);
      await this.events.append(tx, { tenantId, userId, event: 'approval.pending', payload: pendingPayload(approval) });
      return approval;
    }
    const [first]: sql.ApprovalRow[] = await tx.query(sql.FIND_ASKED, [...asked, userId]);
    if (!first) throw new Error('An approval is there and cannot be seen');
    return sql.toApproval(first);
  }

  /** Lets those who are connected for the person look at once. To be called after the transaction. */
  announce({ tenantId, userId }: Approval): void {
    this.events.announce(tenantId, userId);
  }

  /** Declares who acts on what is decided about a kind, once a kind. @throws Error where somebody does already */
  own(kind: Kind, owner: Owner): void {
    if (this.settlements.owners.has(kind)) throw new Error(`Approvals of kind "${kind}" have an owner already`);
    this.settlements.owners.set(kind, owner);
  }

  /**
   * The person's word. The first one holds, whoever else speaks at the same time.
   * @throws Problem `forbidden` for assistants and for those who may only look; `not_found`; `conflict` with who decided what
   * and when, or with the reason for which policy no longer lets it be; `validation_failed` for an edit that may not be;
   * `policy_engine_unreachable`, and nothing has changed
   */
  async decide(principal: Principal, id: string, decision: Decision, requestId: string): Promise<Approval> {
    if (principal.kind === 'agent')
      throw new Problem('forbidden', 'An assistant must not approve: only the person concerned decides.');
    const approval = await this.find(principal, id);
    if (approval.userId !== principal.person.id)
      throw new Problem('forbidden', `Only "${approval.userId}" decides about approval "${id}"; you may read it.`);
    this.refuseLate(approval);
    if (!decision.approve)
      return this.settle(principal, id, requestId, { status: 'rejected', reason: decision.reason });
    const owner = this.settlements.ownerOf(approval.kind);
    const proposal = decision.edit && edited(approval, decision.edit, owner.editable);
    const refusal = await owner.recheck?.(principal, approval, requestId);
    if (!refusal) return this.settle(principal, id, requestId, { status: 'approved', proposal });
    const { reason, decisionId } = refusal;
    const change = { status: 'rejected', reason, decidedBy: BY_POLICY } as const;
    await this.settle(principal, id, requestId, change, { recheckDecisionId: decisionId });
    const detail = `Today's policy no longer lets this be, so it is rejected: ${reason}`;
    throw new Problem('conflict', detail, { members: { decisionId, approvalId: id } });
  }

  /** One that the caller may read: their own; an assistant those of its people; an enterprise admin all. @throws Problem `not_found` */
  async find(principal: Principal, id: string): Promise<Approval> {
    const [row]: sql.ApprovalRow[] = await this.database.tenant(principal.tenantId, (tx) =>
      tx.query(sql.FIND_APPROVAL, [id]),
    );
    if (!row || !mayRead(principal, row.user_id)) throw noSuchApproval(id);
    return sql.toApproval(row);
  }

  /** Newest first: a person's own, unless they name somebody whose they may read; an assistant's those of its people. */
  async list(
    principal: Principal,
    { userId, status, kind, limit, cursor }: ApprovalList,
  ): Promise<{ items: Approval[]; nextCursor: string | null }> {
    if (userId !== undefined && !mayRead(principal, userId)) throw nobody(userId);
    const whose = userId === undefined ? peopleOf(principal) : [userId];
    const values = [whose, status ?? null, kind ?? null, cursor ?? null, limit + 1];
    const rows: sql.ApprovalRow[] = await this.database.tenant(principal.tenantId, (tx) =>
      tx.query(sql.LIST_APPROVALS, values),
    );
    // Whoever has left keeps what there was.
    if (userId !== undefined && rows.length === 0 && !(await this.people.find(principal.tenantId, userId)))
      throw nobody(userId);
    const items = rows.slice(0, limit).map(sql.toApproval);
    return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null };
  }

  /** How much waits for this person now. */
  async pendingOf(tenantId: string, userId: string): Promise<number> {
    const now = new Date(this.clock.now());
    const [row]: { n: number }[] = await this.database.tenant(tenantId, (tx) =>
      tx.query(sql.COUNT_PENDING, [userId, now]),
    );
    return row!.n;
  }

  private async settle(
    principal: PersonPrincipal,
    id: string,
    requestId: string,
    change: {
      readonly status: 'approved' | 'rejected';
      readonly reason?: string | undefined;
      readonly proposal?: Record<string, unknown> | undefined;
      readonly decidedBy?: string;
    },
    detail?: Readonly<Record<string, unknown>>,
  ): Promise<Approval> {
    const actor = principalName(principal);
    const values = [
      ...[id, change.status, new Date(this.clock.now()), change.decidedBy ?? actor, change.reason ?? null],
      change.proposal ? JSON.stringify(change.proposal) : null,
    ];
    const settled = await this.settlements.settle(
      principal.tenantId,
      async (tx) => {
        const [row]: sql.ApprovalRow[] = await tx.query(sql.DECIDE, values);
        return row && sql.toApproval(row);
      },
      { actor, person: principal.person, requestId, ...(detail ? { detail } : {}) },
    );
    if (settled) return settled;
    throw new Problem('conflict', tooLate(await this.find(principal, id), this.clock.now()));
  }

  private refuseLate(approval: Approval): void {
    const now = this.clock.now();
    if (approval.status !== 'pending' || Date.parse(approval.expiresAt) <= now)
      throw new Problem('conflict', tooLate(approval, now));
  }
}

function mayRead(principal: Principal, userId: string): boolean {
  if (principal.kind === 'agent') return mayActFor(principal, userId);
  return principal.person.id === userId || principal.person.roles.includes('enterprise_admin');
}

function nobody(userId: string): Problem {
  return new Problem('not_found', `There is nobody "${userId}" whose approvals you may read.`);
}

function noSuchApproval(id: string): Problem {
  return new Problem('not_found', `There is no approval "${id}" that you may read.`);
}
