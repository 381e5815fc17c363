import { AuditLog } from '#audit';
import { People } from '#identity';
import { Clock } from '#libs/clock';
import { classifyValue, type Classification, higher } from '#libs/classification';
import { Database } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { Problem } from '#libs/http';
import { type Job, Jobs } from '#libs/jobs';
import { DataRules } from '#policy';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { DirectoryPerson } from '#identity';
import { entryOf } from '../audit-entry.ts';
import * as sql from '../auto-response.sql.ts';
import { MailIntake } from '../intake/mail-intake.ts';
import { eventOf } from '../message-view.ts';
import { featuresOf, type IncomingMessage, learnedFrom } from '../rules/index.ts';
import { Sealed } from '../sealed.ts';
import { Classifier } from '../strategies/strategies.ts';
import { CLASSIFY_QUEUE, DECIDE_QUEUE, type MessageJob, STEP } from './queues.ts';

/** Corrections that are learnt from: the newest. */
export const MOST_CORRECTIONS = 500;

/** Mail whose text cannot be had for so long is for its person to look at. */
const LATEST_READ_MS = 3_600_000;

/** First step: of which class a message is, and how sensitive. */
@Injectable()
export class Classifying implements OnApplicationBootstrap {
  constructor(
    private readonly jobs: Jobs,
    private readonly database: Database,
    private readonly people: People,
    private readonly rules: DataRules,
    private readonly classifier: Classifier,
    private readonly sealed: Sealed,
    private readonly mail: MailIntake,
    private readonly audit: AuditLog,
    private readonly events: PersonEvents,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.declare(DECIDE_QUEUE, STEP);
    await this.jobs.work<MessageJob>(CLASSIFY_QUEUE, (job) => this.run(job), STEP);
  }

  private async run({ data: { tenantId, id } }: Job<MessageJob>): Promise<void> {
    const found = await this.database.tenant(tenantId, async (tx) => {
      const [row]: sql.MessageRow[] = await tx.query(sql.FIND_MESSAGE, [id]);
      if (!row || row.state !== 'received' || row.classified_at !== null) return undefined;
      const corrections: sql.CorrectionRow[] = await tx.query(sql.CORRECTIONS_OF_PERSON, [
        row.user_id,
        MOST_CORRECTIONS,
      ]);
      return { row, corrections };
    });
    if (!found) return; // another run has been here
    const { row, corrections } = found;
    const [person, stored] = [await this.people.find(tenantId, row.user_id), this.sealed.content(row)];
    if (!person || !stored) return this.giveUp(tenantId, id, 'The person has left');
    const message = await this.whole(person, row, stored);
    if (!message) return;
    const features = featuresOf(message);
    const classification = await this.labelOf(person, message, row.classification);
    const learned = learnedFrom(corrections.map((each) => ({ features: each.features, wanted: each.class })));
    const reading = { person, message, features, classification, requestId: row.request_id };
    const ruling = await this.classifier.classify(reading, learned);
    await this.database.tenant(tenantId, async (tx) => {
      const [noted]: [unknown[], number] = await tx.query(sql.NOTE_CLASS, [
        ...[id, ruling.class, ruling.confidence, JSON.stringify(ruling.reasons), JSON.stringify(features)],
        ...[new Date(this.clock.now()), classification],
      ]);
      if (noted.length > 0) await this.jobs.send(tx, DECIDE_QUEUE, { tenantId, id } satisfies MessageJob);
    });
    this.jobs.notify(DECIDE_QUEUE);
  }

  /** With its text, which is kept from then on; undefined where that cannot be had, and then the message has ended. */
  private async whole(
    person: DirectoryPerson,
    row: sql.MessageRow,
    stored: IncomingMessage,
  ): Promise<IncomingMessage | undefined> {
    if (stored.unread === undefined) return stored;
    try {
      const message = await this.mail.whole(person, row, stored);
      await this.database.tenant(row.tenant_id, (tx) =>
        tx.query(sql.PUT_CONTENT, [row.id, this.sealed.seal(message, row)]),
      );
      return message;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const { code, detail } = error;
      const isLate = this.clock.now() - row.accepted_at.getTime() > LATEST_READ_MS;
      if (code === 'not_found')
        await this.end(person, row, 'ignored', `It was gone before it could be read: ${detail}`);
      else if (code === 'forbidden' || isLate)
        await this.end(person, row, 'surfaced', `It could not be read: ${detail}`);
      else throw error;
      return undefined;
    }
  }

  private async end(person: DirectoryPerson, was: sql.MessageRow, state: 'ignored' | 'surfaced', reason: string) {
    await this.database.tenant(person.tenantId, async (tx) => {
      const [row]: sql.MessageRow[] = await tx.query(sql.LOCK_MESSAGE, [was.id]);
      if (row?.state !== 'received' || row.classified_at !== null) return;
      await tx.query(sql.NOTE_END, [row.id, state, reason.slice(0, 1_000), new Date(this.clock.now())]);
      const outcome = state === 'surfaced' ? 'denied' : 'success';
      await this.audit.appendWithin(
        tx,
        entryOf(person, row, { phase: 'decision', outcome, detail: { state, reason } }),
      );
      if (state === 'surfaced') await this.events.append(tx, eventOf({ ...row, state, reason }));
    });
    this.events.announce(person.tenantId, person.id);
  }

  /** What it came with, raised by what is in it, and as policy has it for mail. */
  private async labelOf(person: DirectoryPerson, { subject, text }: IncomingMessage, given: Classification) {
    const { label } = await this.rules.for(person);
    return label('gmail', 'message', higher(given, classifyValue({ subject, text })));
  }

  private async giveUp(tenantId: string, id: string, reason: string): Promise<void> {
    await this.database.tenant(tenantId, (tx) =>
      tx.query(sql.NOTE_END, [id, 'failed', reason, new Date(this.clock.now())]),
    );
  }
}
