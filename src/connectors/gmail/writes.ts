import { z } from 'zod';
import type { Operation, VendorAccess } from '../connector.ts';
import { atATime } from './at-a-time.ts';
import { answerOf, type GmailApi } from './client.ts';
import { composed, derivedId, MAIL, messageIdOf, OUR_ID_HEADER, type OutgoingMail } from './compose.ts';
import { MailStore } from './mail-store.ts';
import { GMAIL_ID } from './reads.ts';

const ME = 'me';
const MOST_REFERENCES = 20;
/** How many of the mails sent last are looked through for a repeat, and how old they may be. */
const MOST_SENT = 25;
const OLDEST_SENT_MS = 2 * 86_400_000;
const MOST_DRAFTS = 500;
const AT_A_TIME = 5;

interface Sent {
  readonly id: string;
  readonly threadId: string;
}

/** What a mail answers: the thread it goes to, and the ids by which other mail programs find it. */
interface Parent {
  readonly threadId: string | undefined;
  readonly inReplyTo: string | undefined;
  readonly references: readonly string[];
}

const send: Operation<OutgoingMail> = {
  schema: MAIL,
  summary: 'Send a mail; the same messageId again sends nothing',
  action: 'email_send',
  async run(access, mail) {
    const store = new MailStore(access);
    const messageId = idOf(mail, access);
    const before = await writtenBefore(store, messageId, 'SENT', access.now());
    if (before !== null) return { ...before, messageId, repeated: true };
    const { raw, threadId } = await written(access, store, mail, messageId);
    const sent = await answerOf(
      store.api.users.messages.send({ userId: ME, requestBody: { raw, ...(threadId && { threadId }) } }),
    );
    return { id: sent.id, threadId: sent.threadId, messageId, repeated: false };
  },
};

const draft: Operation<OutgoingMail> = {
  schema: MAIL,
  summary: 'Put a mail among the drafts, for the person to send',
  action: 'email_draft',
  async run(access, mail) {
    const store = new MailStore(access);
    const messageId = idOf(mail, access);
    const before = access.operationId === null ? null : await writtenBefore(store, messageId, 'DRAFT', access.now());
    if (before !== null) {
      const { drafts = [] } = await answerOf(store.api.users.drafts.list({ userId: ME, maxResults: MOST_DRAFTS }));
      const { id } = drafts.find(({ message }) => message?.id === before.id) ?? {};
      return { id, messageId, threadId: before.threadId, repeated: true };
    }
    const { raw, threadId } = await written(access, store, mail, messageId);
    const made = await answerOf(
      store.api.users.drafts.create({ userId: ME, requestBody: { message: { raw, ...(threadId && { threadId }) } } }),
    );
    return { id: made.id, messageId, threadId: made.message?.threadId, repeated: false };
  },
};

const LABEL = z.string().regex(/^[\w.-]{1,100}$/);
const RELABEL = z.strictObject({
  id: GMAIL_ID,
  add: z.array(LABEL).max(100).default([]),
  remove: z.array(LABEL).max(100).default([]),
});

const modifyLabels: Operation<z.infer<typeof RELABEL>> = {
  schema: RELABEL,
  summary: 'Put labels on a message or take them off: UNREAD, STARRED, INBOX …',
  action: 'email_modify_labels',
  async run(access, { id, add, remove }) {
    const changed = await answerOf(
      new MailStore(access).api.users.messages.modify({
        userId: ME,
        id,
        requestBody: { addLabelIds: add, removeLabelIds: remove },
      }),
    );
    return { id: changed.id, threadId: changed.threadId, labels: changed.labelIds ?? [] };
  },
};

export const gmailWrites = { email_send: send, email_draft: draft, email_modify_labels: modifyLabels };

function idOf(mail: OutgoingMail, { account, operationId, now }: VendorAccess): string {
  if (mail.messageId !== undefined) return mail.messageId;
  return operationId === null ? derivedId(mail, account, now()) : messageIdOf(operationId, account);
}

/**
 * The mail that was sent, or put among the drafts, under this id. Searched by its Message-ID, and, because Gmail may have
 * given it another, among the last ones by the header that it leaves alone; the second also finds what the search does not
 * know yet.
 */
async function writtenBefore(
  { api }: MailStore,
  messageId: string,
  label: 'SENT' | 'DRAFT',
  now: number,
): Promise<Sent | null> {
  const place = label === 'SENT' ? 'in:sent' : 'in:drafts';
  const found = await answerOf(
    api.users.messages.list({ userId: ME, q: `rfc822msgid:${messageId} ${place}`, maxResults: 1 }),
  );
  const [first] = found.messages ?? [];
  if (first?.id) return { id: first.id, threadId: first.threadId ?? first.id };
  const recent = await answerOf(api.users.messages.list({ userId: ME, labelIds: [label], maxResults: MOST_SENT }));
  const ids = (recent.messages ?? []).flatMap(({ id }) => id ?? []);
  for (let from = 0; from < ids.length; from += AT_A_TIME) {
    const some = await atATime(AT_A_TIME, ids.slice(from, from + AT_A_TIME), (id) => ourIdOf(api, id));
    const same = some.find((one) => one.ourId === `<${messageId}>`);
    if (same !== undefined) return { id: same.id, threadId: same.threadId };
    if (some.some((one) => one.date < now - OLDEST_SENT_MS)) return null;
  }
  return null;
}

async function ourIdOf(api: GmailApi, id: string) {
  const fields = 'threadId,internalDate,payload/headers';
  const { threadId, internalDate, payload } = await answerOf(
    api.users.messages.get({ userId: ME, id, format: 'metadata', metadataHeaders: [OUR_ID_HEADER], fields }),
  );
  const ourId = payload?.headers?.find(({ name }) => name?.toLowerCase() === OUR_ID_HEADER.toLowerCase())?.value;
  return { id, threadId: threadId ?? id, date: Number(internalDate), ourId };
}

async function written(
  access: VendorAccess,
  store: MailStore,
  mail: OutgoingMail,
  messageId: string,
): Promise<{ raw: string; threadId: string | undefined }> {
  const { threadId, inReplyTo, references } = await parentOf(store, mail);
  const whole = { ...mail, ...(inReplyTo && { inReplyTo }) };
  const bytes = await composed(whole, { messageId, references, account: access.account });
  return { raw: bytes.toString('base64url'), threadId };
}

async function parentOf(store: MailStore, { threadId, inReplyTo }: OutgoingMail): Promise<Parent> {
  let thread = threadId;
  if (thread === undefined && inReplyTo !== undefined) {
    const found = await answerOf(
      store.api.users.messages.list({ userId: ME, q: `rfc822msgid:${inReplyTo}`, maxResults: 1 }),
    );
    thread = found.messages?.[0]?.threadId ?? undefined;
  }
  if (thread === undefined) return { threadId, inReplyTo, references: inReplyTo ? [inReplyTo] : [] };
  const messages = (await store.thread(thread))?.messages.filter(({ labels }) => !labels.has('DRAFT')) ?? [];
  const parent = messages.find((each) => each.messageId === inReplyTo) ?? (inReplyTo ? undefined : messages.at(-1));
  const answered = parent?.messageId ?? inReplyTo;
  const chain = [...(parent?.references ?? []), ...(answered ? [answered] : [])];
  return { threadId: thread, inReplyTo: answered, references: [...new Set(chain)].slice(-MOST_REFERENCES) };
}
