import { type Approval, Approvals } from '#approvals';
import { AuditLog } from '#audit';
import { People } from '#identity';
import { Clock } from '#libs/clock';
import type { Transaction } from '#libs/database';
import { Jobs } from '#libs/jobs';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { z } from 'zod';
import { entryOf } from '../audit-entry.ts';
import * as sql from '../auto-response.sql.ts';
import { disclosed, type Reply } from '../rules/index.ts';
import { Sealed } from '../sealed.ts';
import { type MessageJob, SEND_QUEUE } from './queues.ts';

const MOST_TEXT = 50_000;
/** What a person may change in a draft. To whom it goes is not among it. */
const EDITABLE = z.strictObject({
  subject: z
    .string()
    .min(1)
    .max(900)
    .regex(/^[^\x00-\x1f\x7f\u2028\u2029]*$/, 'must be one line without control characters')
    .optional(),
  text: z.string().min(1).max(MOST_TEXT).optional(),
});

const REASON = {
  approved: 'Approved',
  rejected: 'The person does not want this reply',
  expired: 'Nobody decided about the draft in time',
} as const;

/** Drafts that wait for their person: what is decided about them goes on here, in the transaction in which it is decided. */
@Injectable()
export class RepliesApproved implements OnModuleInit {
  constructor(
    private readonly approvals: Approvals,
    private readonly jobs: Jobs,
    private readonly people: People,
    private readonly sealed: Sealed,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.approvals.own('reply', {
      editable: EDITABLE,
      settled: (tx, approval) => this.settled(tx, approval),
      after: () => this.jobs.notify(SEND_QUEUE),
    });
  }

  /** Puts a draft before the person, as the last thing of the transaction that drafts it. */
  async request(tx: Transaction, row: sql.MessageRow, reply: Reply): Promise<Approval> {
    const approval = await this.approvals.request(tx, {
      ...{ tenantId: row.tenant_id, userId: row.user_id, kind: 'reply', messageId: row.id },
      subject: `Reply to ${row.sender}: ${row.subject || '(no subject)'}`.slice(0, 300),
      proposal: { to: reply.to, subject: reply.subject, text: reply.text },
      ...{ classification: row.classification, requestId: row.request_id },
    });
    await tx.query(sql.NOTE_APPROVAL, [row.id, approval.id]);
    return approval;
  }

  private async settled(tx: Transaction, approval: Approval): Promise<void> {
    const [row]: sql.MessageRow[] = await tx.query(sql.LOCK_MESSAGE, [approval.messageId]);
    if (row?.state !== 'drafted') return;
    const now = new Date(this.clock.now());
    const status = approval.status as keyof typeof REASON;
    const person = await this.people.find(row.tenant_id, row.user_id);
    if (status !== 'approved' || !person) {
      const reason = approval.reason ? `${REASON[status]}: ${approval.reason}` : REASON[status];
      await tx.query(sql.NOTE_END, [row.id, status === 'approved' ? 'failed' : status, reason.slice(0, 1_000), now]);
      if (!person) return;
      const detail = { state: status, reason, approvalId: approval.id };
      const outcome = status === 'expired' ? 'error' : 'denied';
      await this.audit.appendWithin(tx, entryOf(person, row, { phase: 'outcome', outcome, detail }));
      return;
    }
    const drafted = this.sealed.reply(row);
    const { subject, text } = approval.proposal as { subject?: string; text?: string };
    // No edit changes to whom it goes, nor takes off who wrote it.
    const reply = {
      to: drafted!.to,
      subject: subject ?? drafted!.subject,
      text: disclosed(text ?? drafted!.text, person.name),
    };
    const reason = `${REASON.approved} by ${approval.decidedBy ?? 'the person'}${approval.edited ? ', edited' : ''}`;
    await tx.query(sql.NOTE_APPROVED, [row.id, reason, this.sealed.seal(reply, row), now]);
    await this.jobs.send(tx, SEND_QUEUE, { tenantId: row.tenant_id, id: row.id } satisfies MessageJob);
  }
}
