import type { Transaction } from '#libs/database';
import { Injectable } from '@nestjs/common';

export interface MailAddress {
  readonly name: string;
  /** In lower case. */
  readonly address: string;
}

/** A message that has come since the last sync, as its metadata shows it. */
export interface ArrivedMail {
  /** In the connected system: under this one its text can be read. */
  readonly id: string;
  readonly threadId: string;
  /** Its Message-ID without angle brackets; null where it came without. */
  readonly messageId: string | null;
  readonly from: MailAddress;
  /** Addresses in lower case. */
  readonly to: readonly string[];
  readonly subject: string;
  /** By name in lower case: those that tell lists and automatic mail. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

/** Whose it is, and through which connector it was seen. */
export interface MailPlace {
  readonly tenantId: string;
  readonly userId: string;
  readonly connectorId: string;
  readonly requestId: string;
}

/** What is done about new mail. */
export interface MailReceiver {
  /** In the transaction that stores the sync's page; a page that comes twice brings its mail twice. */
  received(tx: Transaction, place: MailPlace, mail: ArrivedMail): Promise<void>;
  /** After that transaction. */
  stored(): void;
}

/** Where whoever answers mail hears of it; without one nothing is done about it. */
@Injectable()
export class NewMail {
  private receiver: MailReceiver | undefined;

  /** @throws Error where somebody receives it already */
  own(receiver: MailReceiver): void {
    if (this.receiver) throw new Error('New mail has a receiver already');
    this.receiver = receiver;
  }

  async received(tx: Transaction, place: MailPlace, mail: ArrivedMail): Promise<void> {
    await this.receiver?.received(tx, place, mail);
  }

  stored(): void {
    this.receiver?.stored();
  }
}
