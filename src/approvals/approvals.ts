import { AuditLog, IdSource, type NewEntry } from '#audit';
import { People } from '#identity';
import { mayActFor, type Principal, principalName } from '#libs/access';
import { Clock } from '#libs/clock';
import { Database, type Transaction } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { invalid, Problem } from '#libs/http';
import { Injectable } from '@nestjs/common';
import type { Approval, ApprovalKind, ApprovalOwner, NewApproval, Verdict } from './approval.ts';
import type { ApprovalList } from './approvals.schema.ts';
import * as sql from './approvals.sql.ts';

/** How long a question waits, in milliseconds. Source: DOMAIN rules, section 5. */
export const WAITS_MS = 24 * 60 * 60_000;

interface Outcome {
  readonly status: 'approved' | 'rejected';
  readonly by: string;
  readonly reason?: string | undefined;
  readonly edit?: Readonly<Record<string, unknown>> | undefined;
}

/** The one queue of what people have to decide. The first decision wins, and what follows from it commits with it. */
@Injectable()
export class Approvals {
  private readonly owners = new Map<ApprovalKind, ApprovalOwner>();

  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly events: PersonEvents,
    private readonly people: People,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /** Says whose the questions of this kind are. Once a kind, when the application starts. */
  own(kind: ApprovalKind, owner: ApprovalOwner): void {
    if (this.owners.has(kind)) throw new Error(`Approvals of the kind "${kind}" have an owner already.`);
    this.owners.set(kind, owner);
  }

  /**
   * Asks a person, in the caller's transaction; to be its last step, followed by {@link announce} once it has committed. The same
   * message, decision, or exchange asked again gives the question that is there.
   */
  async request(tx: Transaction, wanted: NewApproval): Promise<Approval> {
    const now = this.clock.now();
    const { tenantId, userId, messageId = null, decisionId = null, exchangeId = null } = wanted;
    const [row]: sql.ApprovalRow[] = await tx.query(sql.INSERT, [
      tenantId,
      this.ids.next(),
      userId,
      wanted.kind,
      wanted.subject.slice(0, 500),
      JSON.stringify(wanted.proposal),
      wanted.classification,
      messageId,
      decisionId,
      exchangeId,
      new Date(now),
      new Date(now + WAITS_MS),
    ]);
    if (!row) {
      const [same]: sql.ApprovalRow[] = await tx.query(sql.SAME, [userId, messageId, decisionId, exchangeId]);
      return sql.toApproval(same!);
    }
    const approval = sql.toApproval(row);
    const by = { actor: 'system', requestId: wanted.requestId ?? null };
    await this.audit.appendWithin(tx, await this.entry(approval, 'requested', 'pending_approval', by));
    await this.events.append(tx, { tenantId, userId, event: 'approval.pending', payload: told(approval) });
    return approval;
  }

  announce({ tenantId, userId }: Approval): void {
    this.events.announce(tenantId, userId);
  }

  /** @throws Problem `not_found`, also for what is not the caller's to see */
  async find(caller: Principal, id: string): Promise<Approval> {
    const [row]: sql.ApprovalRow[] = await this.database.tenant(caller.tenantId, (tx) => tx.query(sql.FIND, [id]));
    if (!row || !maySee(caller, row.user_id)) throw new Problem('not_found', `You have no approval "${id}".`);
    return sql.toApproval(row);
  }

  /** Newest first: a person's own; an administrator's and an assistant's of the person they name. */
  async list(caller: Principal, { userId, status, kind, limit, cursor }: ApprovalList) {
    const whose = userId ?? (caller.kind === 'person' ? caller.person.id : undefined);
    if (whose === undefined) throw invalid('userId', 'must name the person whose approvals are wanted');
    if (!maySee(caller, whose) || !(await this.people.find(caller.tenantId, whose)))
      throw new Problem('not_found', `There is nobody "${whose}" whose approvals you may see.`);
    const rows: sql.ApprovalRow[] = await this.database.tenant(caller.tenantId, (tx) =>
      tx.query(sql.LIST, [whose, status ?? null, kind ?? null, cursor ?? null, limit + 1]),
    );
    const items = rows.slice(0, limit).map(sql.toApproval);
    return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null };
  }

  /** How many questions wait for this person. */
  async pendingOf(tenantId: string, userId: string): Promise<number> {
    const [row]: { n: number }[] = await this.database.tenant(tenantId, (tx) =>
      tx.query(sql.PENDING_OF_PERSON, [userId, new Date(this.clock.now())]),
    );
    return row!.n;
  }

  /**
   * Decides a question for good.
   * @throws Problem `not_found`; `forbidden` for everybody but the person concerned; `conflict` where it is decided already;
   *   `validation_failed` for an edit that its kind does not allow
   */
  async decide(caller: Principal, id: string, verdict: Verdict, requestId: string): Promise<Approval> {
    const approval = await this.find(caller, id);
    if (caller.kind !== 'person' || caller.person.id !== approval.userId)
      throw new Problem('forbidden', `Only ${approval.userId} can decide this: it is done in their name.`);
    const edit = verdict.approve ? this.edited(approval.kind, verdict.edit) : undefined;
    const status = verdict.approve ? 'approved' : 'rejected';
    const reason = verdict.approve ? undefined : verdict.reason;
    return this.settle(approval, { status, by: principalName(caller), reason, edit }, requestId);
  }

  /** Decides in the name of `by`: the decision, what follows from it, its record and its event are one transaction. */
  async settle(approval: Approval, { status, by, reason, edit }: Outcome, requestId: string): Promise<Approval> {
    const { tenantId, id } = approval;
    const decided = await this.database.tenant(tenantId, async (tx) => {
      const values = [id, status, new Date(this.clock.now()), by, reason ?? null, edit ? JSON.stringify(edit) : null];
      const [[row]]: [sql.ApprovalRow[], number] = await tx.query(sql.DECIDE, values);
      return row && this.conclude(tx, sql.toApproval(row), { actor: by, requestId });
    });
    if (!decided) throw await this.lost(approval);
    this.concluded(decided);
    return decided;
  }

  /** Ends a question whose time is over. @returns undefined where somebody has decided it, or it has time left */
  async expire(tenantId: string, id: string): Promise<Approval | undefined> {
    const expired = await this.database.tenant(tenantId, async (tx) => {
      const [[row]]: [sql.ApprovalRow[], number] = await tx.query(sql.EXPIRE, [id, new Date(this.clock.now())]);
      return row && this.conclude(tx, sql.toApproval(row), { actor: 'system', requestId: null });
    });
    if (expired) this.concluded(expired);
    return expired;
  }

  /** Reminds of a question, once. */
  async remind(tenantId: string, id: string): Promise<void> {
    const reminded = await this.database.tenant(tenantId, async (tx) => {
      const [[row]]: [sql.ApprovalRow[], number] = await tx.query(sql.REMIND, [id, new Date(this.clock.now())]);
      if (!row) return undefined;
      const approval = sql.toApproval(row);
      const payload = { ...told(approval), reminder: true };
      await this.events.append(tx, { tenantId, userId: approval.userId, event: 'approval.pending', payload });
      return approval;
    });
    if (reminded) this.announce(reminded);
  }

  private async conclude(
    tx: Transaction,
    approval: Approval,
    by: { readonly actor: string; readonly requestId: string | null },
  ): Promise<Approval> {
    const { tenantId, userId, status } = approval;
    await this.owners.get(approval.kind)?.settled(tx, approval);
    const outcome = status === 'approved' ? 'success' : 'denied';
    await this.audit.appendWithin(tx, await this.entry(approval, status, outcome, by));
    const payload = { ...told(approval), status, decidedBy: approval.decidedBy ?? null };
    await this.events.append(tx, { tenantId, userId, event: 'approval.decided', payload });
    return approval;
  }

  private concluded(approval: Approval): void {
    this.owners.get(approval.kind)?.after?.(approval);
    this.announce(approval);
  }

  private edited(kind: ApprovalKind, edit: Readonly<Record<string, unknown>> | undefined) {
    if (edit === undefined) return undefined;
    const editable = this.owners.get(kind)?.editable;
    if (!editable) throw invalid('edit', `nothing of an approval of the kind "${kind}" can be edited`);
    const read = editable.safeParse(edit);
    if (read.success) return read.data;
    const errors = read.error.issues.map(({ path, message }) => ({ path: ['edit', ...path].join('.'), message }));
    throw new Problem('validation_failed', 'The edit is not valid.', { errors });
  }

  /** Why a decision came to nothing. */
  private async lost({ tenantId, id, expiresAt }: Approval): Promise<Problem> {
    const [row]: sql.ApprovalRow[] = await this.database.tenant(tenantId, (tx) => tx.query(sql.FIND, [id]));
    if (!row) return new Problem('not_found', `You have no approval "${id}".`);
    const now = sql.toApproval(row);
    const members = {
      approval: { status: now.status, decidedBy: now.decidedBy ?? null, decidedAt: now.decidedAt ?? null },
    };
    const detail =
      now.status === 'pending' || now.status === 'expired'
        ? `Its time was over at ${expiresAt}; nothing was done.`
        : `It is decided already: ${now.decidedBy} ${now.status} it at ${now.decidedAt}.`;
    return new Problem('conflict', detail, { members });
  }

  private async entry(
    approval: Approval,
    operation: string,
    outcome: NewEntry['outcome'],
    { actor, requestId }: { readonly actor: string; readonly requestId: string | null },
  ): Promise<NewEntry> {
    const { id, kind, messageId, decisionId, exchangeId, edited, reason } = approval;
    const person = await this.people.find(approval.tenantId, approval.userId);
    return {
      tenantId: approval.tenantId,
      userId: approval.userId,
      orgId: person?.orgId ?? null,
      teamIds: person?.teamIds ?? [],
      actor,
      actionType: 'approval',
      actionDetail: { operation, approvalId: id, kind, messageId, decisionId, exchangeId, edited, reason },
      dataClassification: approval.classification,
      outcome,
      requestId,
    };
  }
}

/** People see their own, an enterprise admin those of the tenant, an assistant those of the people it acts for. */
function maySee(caller: Principal, userId: string): boolean {
  if (caller.kind === 'agent') return mayActFor(caller, userId);
  return caller.person.id === userId || caller.person.roles.includes('enterprise_admin');
}

function told({ id, kind, subject, expiresAt }: Approval) {
  return { id, kind, subject, expiresAt };
}
