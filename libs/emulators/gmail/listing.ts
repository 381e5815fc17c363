import { type HistoryKind, type HistoryRecord, type Mailbox, placeAfter, type StoredMessage } from './mailbox.ts';
import { invalid, notFound } from './refusal.ts';
import { snippetOf } from './resource.ts';
import { parseSearch } from './search.ts';

const HISTORY_FIELD: Readonly<Record<HistoryKind, string>> = {
  messageAdded: 'messagesAdded',
  messageDeleted: 'messagesDeleted',
  labelAdded: 'labelsAdded',
  labelRemoved: 'labelsRemoved',
};

/** `users.messages.list`: newest first. */
export function listMessages(mailbox: Mailbox, query: URLSearchParams, now: number): Record<string, unknown> {
  const matches = wanted(mailbox, query, now);
  const size = sizeIn(query, 100);
  const found: StoredMessage[] = [];
  for (let i = firstPlace(mailbox, query); i >= 0 && found.length <= size; i -= 1) {
    const message = mailbox.ordered[i]!;
    if (matches(message)) found.push(message);
  }
  const page = found.slice(0, size);
  return {
    ...(page.length > 0 ? { messages: page.map(({ id, threadId }) => ({ id, threadId })) } : {}),
    ...(found.length > size ? { nextPageToken: tokenAfter(page.at(-1)!) } : {}),
    resultSizeEstimate: found.length,
  };
}

/** `users.threads.list`: threads in which some message matches, the newest such message first. */
export function listThreads(mailbox: Mailbox, query: URLSearchParams, now: number): Record<string, unknown> {
  const matches = wanted(mailbox, query, now);
  const size = sizeIn(query, 100);
  const start = firstPlace(mailbox, query);
  const seen = new Set<string>();
  for (let i = mailbox.ordered.length - 1; i > start; i -= 1) {
    const message = mailbox.ordered[i]!;
    if (matches(message)) seen.add(message.threadId);
  }
  const found: StoredMessage[] = [];
  for (let i = start; i >= 0 && found.length <= size; i -= 1) {
    const message = mailbox.ordered[i]!;
    if (seen.has(message.threadId) || !matches(message)) continue;
    seen.add(message.threadId);
    found.push(message);
  }
  const page = found.slice(0, size);
  const threads = page.map((message) => ({
    id: message.threadId,
    snippet: snippetOf(message),
    historyId: threadHistoryId(mailbox.threads.get(message.threadId)!),
  }));
  return {
    ...(page.length > 0 ? { threads } : {}),
    ...(found.length > size ? { nextPageToken: tokenAfter(page.at(-1)!) } : {}),
    resultSizeEstimate: found.length,
  };
}

export function threadHistoryId(messages: readonly StoredMessage[]): string {
  return String(messages.reduce((newest, { historyId }) => Math.max(newest, historyId), 0));
}

/** `users.history.list`. */
export function listHistory(mailbox: Mailbox, query: URLSearchParams): Record<string, unknown> {
  const start = query.get('startHistoryId');
  if (start === null || !/^\d+$/.test(start)) throw invalid('Invalid startHistoryId');
  if (Number(start) < mailbox.oldestHistoryId || Number(start) > mailbox.historyId) throw notFound();
  const types = new Set(query.getAll('historyTypes'));
  const label = query.get('labelId');
  const size = sizeIn(query, 100);
  const from = query.get('pageToken') ?? start;
  const found: HistoryRecord[] = [];
  for (
    let i = historyPlace(mailbox.history, Number(from));
    i < mailbox.history.length && found.length <= size;
    i += 1
  ) {
    const record = mailbox.history[i]!;
    const concerned = label === null || record.message.labelIds.includes(label) || record.labelIds.includes(label);
    if ((types.size === 0 || types.has(record.kind)) && concerned) found.push(record);
  }
  const page = found.slice(0, size);
  return {
    ...(page.length > 0 ? { history: page.map(historyResource) } : {}),
    ...(found.length > size ? { nextPageToken: String(page.at(-1)!.id) } : {}),
    historyId: String(mailbox.historyId),
  };
}

function historyResource({ id, kind, message, labelIds }: HistoryRecord): Record<string, unknown> {
  const change = { message, ...(labelIds.length > 0 ? { labelIds } : {}) };
  return {
    id: String(id),
    messages: [{ id: message.id, threadId: message.threadId }],
    [HISTORY_FIELD[kind]]: [change],
  };
}

function historyPlace(history: readonly HistoryRecord[], id: number): number {
  let low = 0;
  let high = history.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (history[middle]!.id <= id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function wanted(mailbox: Mailbox, query: URLSearchParams, now: number): (message: StoredMessage) => boolean {
  const search = parseSearch(query.get('q') ?? '', mailbox.email, now);
  const labels = query.getAll('labelIds');
  const everywhere =
    search.everywhere ||
    query.get('includeSpamTrash') === 'true' ||
    labels.includes('TRASH') ||
    labels.includes('SPAM');
  return (message) =>
    labels.every((label) => message.labels.has(label)) &&
    (everywhere || !(message.labels.has('TRASH') || message.labels.has('SPAM'))) &&
    search.matches(message);
}

function sizeIn(query: URLSearchParams, usual: number): number {
  const given = query.get('maxResults');
  if (given === null) return usual;
  if (!/^\d+$/.test(given) || Number(given) < 1) throw invalid(`Invalid value at 'max_results' (${given})`);
  return Math.min(Number(given), 500);
}

/** A token holds the place, not a count, so that mail which arrives between two pages shifts nothing. */
function tokenAfter({ date, number }: StoredMessage): string {
  return Buffer.from(`${date}.${number}`).toString('base64url');
}

function firstPlace(mailbox: Mailbox, query: URLSearchParams): number {
  const token = query.get('pageToken');
  if (token === null) return mailbox.ordered.length - 1;
  const place = /^(\d+)\.(\d+)$/.exec(Buffer.from(token, 'base64url').toString());
  if (place === null) throw invalid('Invalid pageToken');
  return placeAfter(mailbox.ordered, Number(place[1]), Number(place[2]) - 1) - 1;
}
