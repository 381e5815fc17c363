import { AuditLog } from '#audit';
import { type DirectoryPerson, People } from '#identity';
import { Clock } from '#libs/clock';
import { Database, type Transaction } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { type Job, Jobs } from '#libs/jobs';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { entryOf } from '../audit-entry.ts';
import * as sql from '../auto-response.sql.ts';
import { eventOf, isMailChannel } from '../message-view.ts';
import {
  type Autonomy,
  disclosed,
  featuresOf,
  type IncomingMessage,
  type MessageClass,
  moreRestrictive,
  neverAnswered,
  NO_RULES,
  type Reply,
  type ResponseRules,
  ruledAutonomy,
} from '../rules/index.ts';
import { Sealed } from '../sealed.ts';
import { Drafter } from '../strategies/strategies.ts';
import { standingOf } from './people-known.ts';
import { type Floor, PolicyFloor } from './policy-floor.ts';
import { RepliesApproved } from './replies-approved.ts';
import { DECIDE_QUEUE, type MessageJob, SEND_QUEUE, SEND_STEP, STEP } from './queues.ts';

const DAY_MS = 86_400_000;

/** What is to become of a message. */
interface Verdict {
  readonly state: 'ignored' | 'surfaced' | 'drafted' | 'queued';
  readonly autonomy: Autonomy;
  readonly reason: string;
  readonly floor?: Floor;
  readonly reply?: Reply;
}

/** Second step: whether a message is answered, and with how much say of its person. */
@Injectable()
export class Deciding implements OnApplicationBootstrap {
  constructor(
    private readonly jobs: Jobs,
    private readonly database: Database,
    private readonly people: People,
    private readonly floor: PolicyFloor,
    private readonly drafter: Drafter,
    private readonly sealed: Sealed,
    private readonly audit: AuditLog,
    private readonly events: PersonEvents,
    private readonly approvals: RepliesApproved,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.declare(SEND_QUEUE, SEND_STEP);
    await this.jobs.work<MessageJob>(DECIDE_QUEUE, (job) => this.run(job), STEP);
  }

  private async run({ data: { tenantId, id } }: Job<MessageJob>): Promise<void> {
    const [row]: sql.MessageRow[] = await this.database.tenant(tenantId, (tx) => tx.query(sql.FIND_MESSAGE, [id]));
    const kind = row && (row.correction ?? row.class);
    if (!row || row.state !== 'received' || !kind) return; // another run has been here
    const [person, message] = [await this.people.find(tenantId, row.user_id), this.sealed.content(row)];
    if (!person || !message) return;
    const verdict = await this.judge(person, row, message, kind);
    await this.database.tenant(tenantId, (tx) => this.keep(tx, person, row, verdict));
    this.jobs.notify(SEND_QUEUE);
    this.events.announce(tenantId, person.id);
  }

  private async judge(
    person: DirectoryPerson,
    row: sql.MessageRow,
    message: IncomingMessage,
    kind: MessageClass,
  ): Promise<Verdict> {
    if (kind === 'noise')
      return { state: 'ignored', autonomy: 'block', reason: `It is noise: ${row.reasons.join('; ')}` };
    const never = neverAnswered(message, person);
    if (never !== null) return surfaced(`${never}, so nothing answers it`);
    if (!isMailChannel(row.channel)) return surfaced(`There is no way to answer on the channel ${row.channel}`);
    const { rules, standing } = await this.database.tenant(person.tenantId, async (tx) => {
      const [kept]: { rules: ResponseRules }[] = await tx.query(sql.RULES_OF_PERSON, [person.id]);
      const who = { tenantId: person.tenantId, userId: person.id };
      return { rules: kept?.rules ?? NO_RULES, standing: await standingOf(tx, who, message) };
    });
    const asked = { channel: row.channel, from: message.from.address, class: kind, isKnown: standing.isKnown };
    const ruled = ruledAutonomy(rules, asked);
    if (ruled.autonomy === 'block') return surfaced(`Not answered: ${ruled.why}`);
    const question = { channel: row.channel, classification: row.classification, isExternal: standing.isExternal };
    const floor = await this.floor.ask(person, question, row.request_id);
    const autonomy = moreRestrictive(ruled.autonomy, floor.autonomy);
    const why = autonomy === ruled.autonomy ? ruled.why : `policy: ${floor.decision.reason}`;
    if (autonomy === 'block') return { ...surfaced(`Not answered: ${why}`), floor };
    const { classification, request_id: requestId } = row;
    const reading = { person, message, features: row.features ?? featuresOf(message), classification, requestId };
    const draft = await this.drafter.draft(reading);
    const reply = { ...draft, text: disclosed(draft.text, person.name) };
    if (autonomy === 'approve')
      return { state: 'drafted', autonomy, reason: `A person has to approve the reply: ${why}`, floor, reply };
    return { state: 'queued', autonomy, reason: `Answered by itself: ${why}`, floor, reply };
  }

  private async keep(tx: Transaction, person: DirectoryPerson, { id }: sql.MessageRow, judged: Verdict): Promise<void> {
    const now = this.clock.now();
    // Two messages of one thread must not both find that the other has not been answered.
    await tx.query(sql.LOCK_PERSON, [`${person.tenantId}/${person.id}`]);
    const [row]: sql.MessageRow[] = await tx.query(sql.LOCK_MESSAGE, [id]);
    if (row?.state !== 'received') return;
    const verdict = judged.state === 'queued' ? await this.onceADay(tx, row, judged, now) : judged;
    const { state, autonomy, reason, floor, reply } = verdict;
    await tx.query(sql.NOTE_DECISION, [
      ...[id, state, autonomy, reason.slice(0, 1_000), reply ? this.sealed.seal(reply, row) : null],
      ...[floor?.decision.decisionId ?? null, new Date(now)],
    ]);
    const outcome =
      state === 'drafted' ? 'pending_approval' : floor?.decision.decision === 'deny' ? 'denied' : 'success';
    const detail = { state, autonomy, reason, reasons: row.reasons };
    const deed = { phase: 'decision', outcome, detail, decision: floor?.decision } as const;
    await this.audit.appendWithin(tx, entryOf(person, row, deed));
    if (state === 'queued')
      await this.jobs.send(tx, SEND_QUEUE, { tenantId: person.tenantId, id } satisfies MessageJob);
    if (state === 'drafted' && reply) await this.approvals.request(tx, row, reply);
    if (state === 'surfaced') await this.events.append(tx, eventOf({ ...row, state, reason }));
  }

  /** At most one reply a thread and day that no person has seen. Source: DOMAIN rules, section 5. */
  private async onceADay(tx: Transaction, row: sql.MessageRow, verdict: Verdict, now: number): Promise<Verdict> {
    const since = new Date(now - DAY_MS);
    const before: unknown[] = await tx.query(sql.UNATTENDED_REPLY, [
      row.user_id,
      row.thread_id,
      row.talk,
      since,
      row.id,
    ]);
    if (before.length === 0) return verdict;
    const reason = 'This conversation has had its automatic reply of the day';
    return { ...verdict, state: 'surfaced', autonomy: 'block', reason, reply: undefined } as Verdict;
  }
}

function surfaced(reason: string): Verdict {
  return { state: 'surfaced', autonomy: 'block', reason };
}
