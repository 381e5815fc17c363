import { z } from 'zod';
import { VendorError, type Operation } from '../connector.ts';
import { atATime } from './at-a-time.ts';
import { answerOf } from './client.ts';
import { MailStore } from './mail-store.ts';
import { type Mailbox, type SeenMessage } from './message.ts';

const ME = 'me';
const AT_A_TIME = 5;
/** Of a thread that is read, the newest. */
const MOST_MESSAGES = 50;

export const GMAIL_ID = z.string().regex(/^[\w-]{1,64}$/);
const ONE = z.strictObject({ id: GMAIL_ID });
const QUERY = z.strictObject({
  q: z.string().max(1_000).optional(),
  limit: z.coerce.number().int().min(1).max(50).default(20),
});

/** What a person sees of a message. */
export function shown(message: SeenMessage): Record<string, unknown> {
  const { id, threadId, from, to, cc, subject, date, labels, snippet, messageId, content } = message;
  const names = (all: readonly Mailbox[]) => all.slice(0, 100).map(({ name, address }) => ({ name, address }));
  return {
    id,
    threadId,
    messageId,
    from: from && names([from])[0],
    to: names(to),
    cc: names(cc),
    subject: subject.slice(0, 1_000),
    date: new Date(date).toISOString(),
    labels: [...labels],
    ...(content === undefined ? { snippet } : { text: content.text, attachments: content.attachments }),
  };
}

const messages: Operation<z.infer<typeof QUERY>> = {
  schema: QUERY,
  summary: 'Search the mailbox, in the language of its search box',
  action: 'email_search',
  async run(access, { q, limit }) {
    const store = new MailStore(access);
    const listed = await answerOf(store.api.users.messages.list({ userId: ME, maxResults: limit, ...(q && { q }) }));
    const ids = (listed.messages ?? []).flatMap(({ id }) => id ?? []);
    const found = await atATime(AT_A_TIME, ids, (id) => store.metadata(id));
    return { messages: found.filter((message) => message !== null).map(shown) };
  },
};

const message: Operation<z.infer<typeof ONE>> = {
  schema: ONE,
  summary: 'One message with its text',
  action: 'email_read',
  async run(access, { id }) {
    const store = new MailStore(access);
    const seen = await store.metadata(id);
    if (seen === null) throw new VendorError('not_found', 'gmail: there is no such message');
    return shown(await store.withContent(seen));
  },
};

const thread: Operation<z.infer<typeof ONE>> = {
  schema: ONE,
  summary: 'A thread with the texts of its newest messages',
  action: 'email_read',
  async run(access, { id }) {
    const store = new MailStore(access);
    const seen = await store.thread(id);
    if (seen === null) throw new VendorError('not_found', 'gmail: there is no such thread');
    const newest = seen.messages.slice(-MOST_MESSAGES);
    const told = await atATime(AT_A_TIME, newest, (one) => store.withContent(one));
    return { id, total: seen.messages.length, messages: told.map(shown) };
  },
};

const NOTHING = z.strictObject({});
const labels: Operation<z.infer<typeof NOTHING>> = {
  schema: NOTHING,
  summary: 'The labels of the mailbox',
  action: 'email_list',
  async run(access) {
    const answer = await answerOf(new MailStore(access).api.users.labels.list({ userId: ME }));
    return { labels: (answer.labels ?? []).map(({ id, name, type }) => ({ id, name, type })) };
  },
};

export const gmailReads = { messages, message, thread, labels };
