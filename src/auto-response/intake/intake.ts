import { IdSource } from '#audit';
import { type DirectoryPerson, People } from '#identity';
import { mayActFor, onlyPersonOf, type Principal, principalName } from '#libs/access';
import { CONNECTOR_DEFAULT, type Classification, higher } from '#libs/classification';
import { Clock } from '#libs/clock';
import { Database, type Transaction } from '#libs/database';
import { invalid, Problem } from '#libs/http';
import { Jobs } from '#libs/jobs';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import * as sql from '../auto-response.sql.ts';
import { isMailChannel } from '../message-view.ts';
import { contactOf, type IncomingMessage, mailIdOf, talkOf } from '../rules/index.ts';
import { Sealed } from '../sealed.ts';
import { CLASSIFY_QUEUE, type MessageJob, STEP } from '../steps/queues.ts';
import type { NewMessage } from './messages.schema.ts';

/** A message, for whom, and by whom it was brought. */
export interface Arrival {
  readonly person: Pick<DirectoryPerson, 'tenantId' | 'id'>;
  readonly message: IncomingMessage;
  readonly classification: Classification;
  /** As the audit log names it. */
  readonly by: string;
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

/** Where messages come in: stored together with the job of their first step, once each. */
@Injectable()
export class Intake implements OnApplicationBootstrap {
  constructor(
    private readonly jobs: Jobs,
    private readonly database: Database,
    private readonly people: People,
    private readonly sealed: Sealed,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.declare(CLASSIFY_QUEUE, STEP);
  }

  /**
   * Takes a message in for the caller, or the person whom the caller names.
   * @returns its id: of the first one, where the same has come before
   * @throws Problem `forbidden`, `validation_failed`
   */
  async submit(caller: Principal, given: NewMessage, requestId: string): Promise<{ id: string }> {
    const now = this.clock.now();
    const person = await this.personOf(caller, given);
    const sent = given.receivedAt === undefined ? now : Date.parse(given.receivedAt);
    const arrival: Arrival = {
      person,
      message: messageOf(given),
      classification: higher(CONNECTOR_DEFAULT[given.channel] ?? 'internal', given.classification ?? 'public'),
      by: principalName(caller),
      requestId,
      receivedAt: Math.min(sent, now),
    };
    const id = await this.database.tenant(person.tenantId, (tx) => this.store(tx, arrival));
    this.announce();
    return { id };
  }

  /** Stores message and job in the caller's transaction. @returns the id; of the first one, where the same has come before */
  async store(
    tx: Transaction,
    { person, message, classification, by, requestId, receivedAt }: Arrival,
  ): Promise<string> {
    const place = { tenant_id: person.tenantId, id: this.ids.next() };
    const { channel, threadId, from, subject } = message;
    const messageId = isMailChannel(channel) ? mailIdOf(message.messageId) : message.messageId;
    const rows: { id: string }[] = await tx.query(sql.INSERT_MESSAGE, [
      ...[person.tenantId, place.id, person.id, channel, messageId, threadId, talkOf(message), from.address, subject],
      ...[classification, this.sealed.seal(message, place), by, requestId],
      ...[new Date(receivedAt), new Date(this.clock.now())],
    ]);
    if (rows.length === 0) {
      const [first]: { id: string }[] = await tx.query(sql.ID_OF_MESSAGE, [person.id, channel, messageId]);
      return first!.id;
    }
    await this.jobs.send(tx, CLASSIFY_QUEUE, { tenantId: person.tenantId, id: place.id } satisfies MessageJob);
    return place.id;
  }

  /** To be called after the transaction of {@link store}. */
  announce(): void {
    this.jobs.notify(CLASSIFY_QUEUE);
  }

  private async personOf(caller: Principal, { userId, to }: NewMessage): Promise<DirectoryPerson> {
    const wanted = userId ?? (caller.kind === 'person' ? caller.person.id : await this.receiverOf(caller, to));
    const allowed = caller.kind === 'person' ? wanted === caller.person.id : mayActFor(caller, wanted);
    const person = allowed ? await this.people.find(caller.tenantId, wanted) : undefined;
    if (!person) throw new Problem('forbidden', `This caller may not bring messages for "${wanted}".`);
    return person;
  }

  /** An assistant that names nobody means its only person, or the one among its people to whom the message is written. */
  private async receiverOf(caller: Principal & { kind: 'agent' }, to: readonly string[]): Promise<string> {
    const only = onlyPersonOf(caller);
    if (only !== undefined) return only;
    const addresses = to.map((one) => contactOf(one).address);
    const rows: { id: string }[] = await this.database.tenant(caller.tenantId, (tx) =>
      tx.query(sql.COLLEAGUES_AT, [addresses]),
    );
    const own = rows.filter(({ id }) => mayActFor(caller, id));
    if (own.length === 1) return own[0]!.id;
    throw invalid(
      'userId',
      'is required: this agent token acts for more than one person, and `to` does not say for whom',
    );
  }
}

function messageOf(given: NewMessage): IncomingMessage {
  const headers = Object.entries(given.headers).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    (Array.isArray(value) ? value.join(', ') : value).replaceAll('\0', ''),
  ]);
  return {
    channel: given.channel,
    from: contactOf(given.from),
    to: given.to.map((one) => contactOf(one).address),
    subject: given.subject,
    text: given.text.replaceAll('\0', ''),
    headers: Object.fromEntries(headers),
    messageId: given.messageId,
    threadId: given.threadId ?? null,
  };
}
