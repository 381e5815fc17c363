import type { Mail } from './mail.ts';

/** Gmail keeps about a week of history; an emulator keeps a number of records. */
const MOST_HISTORY = 20_000;
const SYSTEM_LABELS = [
  'INBOX', 'SENT', 'DRAFT', 'TRASH', 'SPAM', 'UNREAD', 'STARRED', 'IMPORTANT', 'CHAT',
  'CATEGORY_PERSONAL', 'CATEGORY_SOCIAL', 'CATEGORY_PROMOTIONS', 'CATEGORY_UPDATES', 'CATEGORY_FORUMS',
]; // prettier-ignore

export interface StoredMessage {
  readonly id: string;
  readonly threadId: string;
  readonly mail: Mail;
  /** Milliseconds since 1970. */
  readonly date: number;
  /** Breaks ties of dates. */
  readonly number: number;
  readonly labels: Set<string>;
  historyId: number;
}

export type HistoryKind = 'messageAdded' | 'messageDeleted' | 'labelAdded' | 'labelRemoved';

export interface HistoryRecord {
  readonly id: number;
  readonly kind: HistoryKind;
  readonly message: { readonly id: string; readonly threadId: string; readonly labelIds: readonly string[] };
  /** Those that came or went. */
  readonly labelIds: readonly string[];
}

/** One account's mail, and what has happened to it. */
export class Mailbox {
  readonly messages = new Map<string, StoredMessage>();
  /** Oldest first. */
  readonly ordered: StoredMessage[] = [];
  /** In order of date. */
  readonly threads = new Map<string, StoredMessage[]>();
  readonly labels = new Map(SYSTEM_LABELS.map((id) => [id, { id, name: id, type: 'system' }]));
  /** Draft id to message id. */
  readonly drafts = new Map<string, string>();
  readonly history: HistoryRecord[] = [];
  private readonly byMessageId = new Map<string, string>();
  historyId = 1_000_000;
  /** What came before is forgotten. */
  oldestHistoryId = 1_000_000;
  watched = false;

  constructor(
    readonly email: string,
    readonly name: string,
    private readonly nextNumber: () => number,
    private readonly changed: (mailbox: Mailbox) => void,
  ) {}

  /** Puts a message into its thread: the one given, or that of the message which it answers. */
  add(mail: Mail, date: number, labels: Iterable<string>, threadId?: string): StoredMessage {
    const number = this.nextNumber();
    const id = (0x190_0000_0000_0000n + BigInt(number)).toString(16).padStart(16, '0');
    const answered = mail.answers.map((each) => this.byMessageId.get(each)).find((thread) => thread !== undefined);
    const message: StoredMessage = {
      id,
      threadId: threadId ?? answered ?? id,
      mail,
      date,
      number,
      labels: new Set(labels),
      historyId: 0,
    };
    this.messages.set(id, message);
    insert(this.ordered, message);
    const thread = this.threads.get(message.threadId) ?? [];
    insert(thread, message);
    this.threads.set(message.threadId, thread);
    if (mail.messageId !== '') this.byMessageId.set(mail.messageId, message.threadId);
    this.record(message, 'messageAdded', []);
    return message;
  }

  modify(message: StoredMessage, add: readonly string[], remove: readonly string[]): void {
    const came = add.filter((label) => !message.labels.has(label));
    const went = remove.filter((label) => message.labels.has(label));
    for (const label of came) message.labels.add(label);
    for (const label of went) message.labels.delete(label);
    if (came.length > 0) this.record(message, 'labelAdded', came);
    if (went.length > 0) this.record(message, 'labelRemoved', went);
  }

  trash(message: StoredMessage): void {
    this.modify(message, ['TRASH'], ['INBOX']);
  }

  delete(message: StoredMessage): void {
    this.messages.delete(message.id);
    take(this.ordered, message);
    const thread = this.threads.get(message.threadId) ?? [];
    take(thread, message);
    if (thread.length === 0) this.threads.delete(message.threadId);
    for (const [draft, id] of this.drafts) if (id === message.id) this.drafts.delete(draft);
    this.record(message, 'messageDeleted', []);
  }

  /** Whatever history id somebody holds is too old from now on. */
  forgetHistory(): void {
    this.history.length = 0;
    this.historyId += 1_000;
    this.oldestHistoryId = this.historyId;
  }

  private record(message: StoredMessage, kind: HistoryKind, labelIds: readonly string[]): void {
    this.historyId += 1 + (this.historyId % 7);
    message.historyId = this.historyId;
    const { id, threadId, labels } = message;
    this.history.push({ id: this.historyId, kind, message: { id, threadId, labelIds: [...labels] }, labelIds });
    if (this.history.length > MOST_HISTORY) {
      this.history.splice(0, MOST_HISTORY / 2);
      this.oldestHistoryId = this.history[0]!.id;
    }
    this.changed(this);
  }
}

/** The first place whose message comes after a date and number. */
export function placeAfter(ordered: readonly StoredMessage[], date: number, number: number): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = ordered[middle]!;
    if (one.date < date || (one.date === date && one.number <= number)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insert(ordered: StoredMessage[], message: StoredMessage): void {
  const place = placeAfter(ordered, message.date, message.number);
  if (place === ordered.length) ordered.push(message);
  else ordered.splice(place, 0, message);
}

function take(ordered: StoredMessage[], message: StoredMessage): void {
  const place = placeAfter(ordered, message.date, message.number) - 1;
  if (ordered[place] === message) ordered.splice(place, 1);
}
