import { AuditLog } from '#audit';
import { ConnectedWork } from '#connectors';
import { type DirectoryPerson, People } from '#identity';
import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { Problem } from '#libs/http';
import { type Job, Jobs } from '#libs/jobs';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { entryOf } from '../audit-entry.ts';
import { AutoResponseMetrics } from '../auto-response.metrics.ts';
import * as sql from '../auto-response.sql.ts';
import { BY_SYNC } from '../intake/mail-intake.ts';
import { eventOf, type MessageState } from '../message-view.ts';
import { disclosed, domainOf, type Reply } from '../rules/index.ts';
import { Sealed } from '../sealed.ts';
import { type Floor, PolicyFloor } from './policy-floor.ts';
import { RepliesApproved } from './replies-approved.ts';
import { LATEST_WRITE_MS, type MessageJob, SEND_QUEUE, SEND_STEP, SEND_TRIES } from './queues.ts';

/** Last step: the reply goes out, once. */
@Injectable()
export class Sending implements OnApplicationBootstrap {
  constructor(
    private readonly jobs: Jobs,
    private readonly database: Database,
    private readonly people: People,
    private readonly floor: PolicyFloor,
    private readonly work: ConnectedWork,
    private readonly sealed: Sealed,
    private readonly audit: AuditLog,
    private readonly events: PersonEvents,
    private readonly approvals: RepliesApproved,
    private readonly metrics: AutoResponseMetrics,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.work<MessageJob>(SEND_QUEUE, (job) => this.run(job), SEND_STEP);
  }

  private async run({ data: { tenantId, id } }: Job<MessageJob>): Promise<void> {
    const started = this.clock.elapsed();
    const row = await this.begin(tenantId, id);
    if (!row) return; // it is out, or was stopped
    const [person, reply] = [await this.people.find(tenantId, row.user_id), this.sealed.reply(row)];
    if (!person || !reply) return;
    try {
      // What was allowed when it was decided may have been forbidden since.
      const floor = await this.askAgain(person, row, reply);
      const wantsPerson = floor.autonomy === 'approve' && !row.attended;
      if (wantsPerson) return await this.ask(person, row, reply, floor);
      if (floor.autonomy === 'block')
        return await this.end(person, row, 'surfaced', `Policy has changed: ${floor.decision.reason}`, floor);
      await this.audit.append(entryOf(person, row, deedOf('intent', floor)));
      if (this.clock.elapsed() - started > LATEST_WRITE_MS) throw new Error('too late to begin a write in this run');
      await this.write(person, row, reply);
      await this.end(person, row, 'sent', row.reason, floor);
    } catch (error) {
      const refusal = error instanceof Problem && error.status < 500 ? error.detail : null;
      if (refusal === null && row.attempts < SEND_TRIES) throw error;
      await this.end(person, row, 'failed', `The reply could not be sent: ${refusal ?? 'it was tried too often'}`);
    }
  }

  private begin(tenantId: string, id: string): Promise<sql.MessageRow | undefined> {
    return this.database.tenant(tenantId, async (tx) => {
      const [row]: sql.MessageRow[] = await tx.query(sql.LOCK_MESSAGE, [id]);
      if (row?.state !== 'queued') return undefined;
      const [[noted]]: [{ attempts: number }[], number] = await tx.query(sql.NOTE_ATTEMPT, [id]);
      return { ...row, attempts: noted!.attempts };
    });
  }

  private async askAgain(person: DirectoryPerson, row: sql.MessageRow, { to }: Reply): Promise<Floor> {
    const isExternal = await this.database.tenant(person.tenantId, async (tx) => {
      const colleagues: unknown[] = await tx.query(sql.IS_COLLEAGUE, [to.toLowerCase()]);
      const [tenant]: { domains: string[] }[] = await tx.query(sql.TENANT_DOMAINS, [person.tenantId]);
      return colleagues.length === 0 && !tenant?.domains.includes(domainOf(to.toLowerCase()));
    });
    const { channel, classification } = row;
    return this.floor.ask(person, { channel, classification, isExternal }, row.request_id);
  }

  /** The mail carries this message's own id, by which the connector knows what it has sent: a repeat sends nothing. */
  private write(person: DirectoryPerson, row: sql.MessageRow, reply: Reply): Promise<unknown> {
    const inReplyTo = /^<?[\x21-\x3b\x3d\x3f\x41-\x7e]+@[\x21-\x3b\x3d\x3f\x41-\x7e]+>?$/.test(row.message_id);
    const input = {
      to: [reply.to],
      subject: reply.subject,
      text: disclosed(reply.text, person.name),
      messageId: `auto-response-${row.id.toLowerCase()}@openclaw-enterprise`,
      ...(inReplyTo && row.message_id.length <= 250 ? { inReplyTo: row.message_id } : {}),
      // What somebody else calls a thread need not be what Gmail calls one; there the message that is answered tells.
      ...(row.submitted_by === BY_SYNC && row.thread_id !== null ? { threadId: row.thread_id } : {}),
      ...(row.attended ? {} : { automatic: true }),
    };
    const who = { tenantId: person.tenantId, userId: person.id };
    const approval = row.attended ? (row.approval_id ?? undefined) : undefined;
    return this.work.write(who, 'gmail', 'email_send', input, row.request_id, `auto-response/${row.id}`, approval);
  }

  /** Policy has begun to ask a person since it was decided: the reply waits as a draft. */
  private async ask(person: DirectoryPerson, was: sql.MessageRow, reply: Reply, floor: Floor): Promise<void> {
    const reason = `A person has to approve the reply: policy has changed: ${floor.decision.reason}`.slice(0, 1_000);
    await this.database.tenant(person.tenantId, async (tx) => {
      const [row]: sql.MessageRow[] = await tx.query(sql.LOCK_MESSAGE, [was.id]);
      if (row?.state !== 'queued') return;
      await tx.query(sql.NOTE_BACK_TO_DRAFT, [row.id, reason]);
      const detail = { state: 'drafted', autonomy: 'approve', reason };
      const deed = { phase: 'decision', outcome: 'pending_approval', detail, decision: floor.decision } as const;
      await this.audit.appendWithin(tx, entryOf(person, row, deed));
      await this.approvals.request(tx, row, reply);
    });
    this.events.announce(person.tenantId, person.id);
  }

  private async end(person: DirectoryPerson, was: sql.MessageRow, state: MessageState, reason: string, floor?: Floor) {
    const now = this.clock.now();
    const isDone = await this.database.tenant(person.tenantId, async (tx) => {
      const [row]: sql.MessageRow[] = await tx.query(sql.LOCK_MESSAGE, [was.id]);
      if (row?.state !== 'queued') return false;
      await tx.query(sql.NOTE_END, [row.id, state, reason.slice(0, 1_000), new Date(now)]);
      await this.audit.appendWithin(tx, entryOf(person, row, deedOf('outcome', floor, state, reason)));
      // `autonomous` sends and says nothing, unless a person must act; whatever else became of it is told.
      const isTold = state !== 'sent' || row.autonomy === 'notify' || (row.correction ?? row.class) === 'critical';
      if (isTold) await this.events.append(tx, eventOf({ ...row, state, reason }));
      return true;
    });
    if (!isDone) return;
    this.events.announce(person.tenantId, person.id);
    if (state === 'sent' && !was.attended) this.metrics.dispatched((now - was.accepted_at.getTime()) / 1000);
  }
}

function deedOf(phase: 'intent' | 'outcome', floor?: Floor, state?: MessageState, reason?: string) {
  const outcome = state === 'failed' ? 'error' : state === 'surfaced' ? 'denied' : 'success';
  return { phase, outcome, detail: { ...(state ? { state, reason } : {}) }, decision: floor?.decision } as const;
}
