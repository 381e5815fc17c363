import { EmulatorServer } from '../emulator-server.ts';
import type { Emulator, FaultPlan } from '../emulator.ts';
import { compose, type Delivery, list } from './compose.ts';
import { addressesIn, type Mail } from './mail.ts';
import { Mailbox, type StoredMessage } from './mailbox.ts';
import { GmailRefusal, UNAUTHORISED } from './refusal.ts';
import { answerGmail } from './routes.ts';

export interface GmailEmulatorOptions {
  readonly port?: number;
  readonly now?: () => number;
  /** In place of Pub/Sub: called with each change of a mailbox whose owner has called `users.watch`. */
  readonly onChange?: (change: { readonly emailAddress: string; readonly historyId: string }) => void;
  /** Gives what is sent a message id of its own, as Gmail has been seen to do with messages sent through the API. */
  readonly rewritesMessageIds?: boolean;
}

export interface Delivered {
  readonly email: string;
  readonly id: string;
  readonly threadId: string;
}

/** Gmail API v1 for many accounts, in memory. Source: the reference at developers.google.com/workspace/gmail/api/reference/rest. */
export interface GmailEmulator extends Emulator {
  faults: FaultPlan;
  revokeToken(token: string): void;
  addAccount(email: string, name?: string): void;
  /** Puts a message into the mailboxes of all who receive it, and among the sent mail of its sender. */
  deliver(delivery: Delivery): Delivered[];
  /** To look at, or change, the state behind the API. */
  mailbox(email: string): Mailbox;
}

export async function startGmailEmulator(options: GmailEmulatorOptions = {}): Promise<GmailEmulator> {
  const now = options.now ?? Date.now;
  const mailboxes = new Map<string, Mailbox>();
  let numbers = 0;
  const office = {
    now,
    send: (mailbox: Mailbox, mail: Mail, threadId: string | undefined) => send(mailbox, mail, threadId),
    record: (by: string, operation: string, detail: Readonly<Record<string, unknown>>) =>
      server.record(by, operation, detail),
  };
  const server = await EmulatorServer.listen(
    {
      unauthorised: () => UNAUTHORISED,
      answer: (request) => {
        try {
          return answerGmail(request, mailboxes, office);
        } catch (error) {
          if (error instanceof GmailRefusal) return error.answer;
          throw error;
        }
      },
    },
    options.port,
  );

  function send(mailbox: Mailbox, mail: Mail, threadId: string | undefined): StoredMessage {
    const named = options.rewritesMessageIds ? mail.without('message-id') : mail;
    const id = `CAF${(numbers + 1).toString(36)}@mail.gmail.example`;
    const missing = [
      ...(named.messageId === '' ? [{ name: 'Message-ID', value: `<${id}>` }] : []),
      ...(named.header('from') === undefined ? [{ name: 'From', value: mailbox.email }] : []),
      ...(named.header('date') === undefined ? [{ name: 'Date', value: new Date(now()).toUTCString() }] : []),
    ];
    const whole = missing.length > 0 ? named.with(missing) : named;
    const message = mailbox.add(whole, now(), ['SENT'], threadId);
    const recipients = new Set(['to', 'cc', 'bcc'].flatMap((name) => whole.addresses(name)));
    const copy = whole.addresses('bcc').length > 0 ? whole.without('bcc') : whole;
    for (const address of recipients) {
      const receiver = mailboxes.get(address);
      if (receiver === mailbox) mailbox.modify(message, ['INBOX', 'UNREAD'], []);
      else receiver?.add(copy, now(), ['INBOX', 'UNREAD']);
    }
    return message;
  }

  function deliver(delivery: Delivery): Delivered[] {
    const date = new Date(delivery.date ?? now());
    const mail = compose(delivery, delivery.messageId ?? `m${numbers + 1}@mail.example`, date);
    const [sender] = addressesIn(delivery.from);
    const receivers = new Set(
      [delivery.to, delivery.cc, delivery.bcc].flatMap(list).flatMap((each) => addressesIn(each)),
    );
    const copies: Delivered[] = [];
    for (const address of new Set([sender ?? '', ...receivers])) {
      const mailbox = mailboxes.get(address);
      if (mailbox === undefined) continue;
      const received = receivers.has(address) ? (delivery.labels ?? ['INBOX', 'UNREAD']) : [];
      const labels = address === sender ? ['SENT', ...received] : received;
      const { id, threadId } = mailbox.add(mail, date.getTime(), labels);
      copies.push({ email: address, id, threadId });
    }
    return copies;
  }

  return Object.assign(server, {
    addAccount: (email: string, name = email) => {
      const changed = (mailbox: Mailbox) => {
        if (mailbox.watched) options.onChange?.({ emailAddress: email, historyId: String(mailbox.historyId) });
      };
      mailboxes.set(email.toLowerCase(), new Mailbox(email, name, () => ++numbers, changed));
    },
    deliver,
    mailbox: (email: string) => {
      const mailbox = mailboxes.get(email.toLowerCase());
      if (mailbox === undefined) throw new Error(`the emulator has no account ${email}`);
      return mailbox;
    },
  });
}
