import { type ArrivedMail, ConnectedWork, type MailPlace, type MailReceiver, NewMail } from '#connectors';
import type { DirectoryPerson } from '#identity';
import { CONNECTOR_DEFAULT } from '#libs/classification';
import { Clock } from '#libs/clock';
import type { Transaction } from '#libs/database';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { MessageRow } from '../auto-response.sql.ts';
import type { IncomingMessage } from '../rules/index.ts';
import { Intake } from './intake.ts';

/** Who has brought a message that a sync has seen. */
export const BY_SYNC = 'system';

/** New mail of a connected Gmail comes in by itself. Its text is read when it is classified, not inside the sync's transaction. */
@Injectable()
export class MailIntake implements OnModuleInit, MailReceiver {
  constructor(
    private readonly newMail: NewMail,
    private readonly intake: Intake,
    private readonly work: ConnectedWork,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.newMail.own(this);
  }

  async received(tx: Transaction, { tenantId, userId, requestId }: MailPlace, mail: ArrivedMail): Promise<void> {
    const message: IncomingMessage = {
      channel: 'gmail',
      from: { name: clean(mail.from.name), address: clean(mail.from.address) },
      to: mail.to.map(clean),
      subject: clean(mail.subject).slice(0, 998),
      text: '',
      headers: Object.fromEntries(Object.entries(mail.headers).map(([name, value]) => [name, clean(value)])),
      messageId: mail.messageId === null ? mail.id : `<${clean(mail.messageId)}>`,
      threadId: mail.threadId,
      unread: mail.id,
    };
    await this.intake.store(tx, {
      person: { tenantId, id: userId },
      message,
      classification: CONNECTOR_DEFAULT['gmail'] ?? 'internal',
      by: BY_SYNC,
      requestId,
      receivedAt: Math.min(mail.receivedAt, this.clock.now()),
    });
  }

  stored(): void {
    this.intake.announce();
  }

  /**
   * The message with its text.
   * @throws Problem `not_found` where it is gone, `forbidden` where policy does not let it be read, `connector_…`
   */
  async whole(person: DirectoryPerson, row: MessageRow, message: IncomingMessage): Promise<IncomingMessage> {
    const { unread, ...rest } = message;
    if (unread === undefined) return message;
    const who = { tenantId: person.tenantId, userId: person.id };
    const read = (await this.work.read(who, 'gmail', 'message', { id: unread }, row.request_id)) as { text?: unknown };
    return { ...rest, text: typeof read.text === 'string' ? read.text.replaceAll('\0', '') : '' };
  }
}

/** On one line, of characters that PostgreSQL can hold. */
function clean(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
}
