import type { EmulatedAnswer, EmulatedRequest } from '../emulator-server.ts';
import { partial } from './fields.ts';
import { listHistory, listMessages, listThreads, threadHistoryId } from './listing.ts';
import { Mail } from './mail.ts';
import type { Mailbox, StoredMessage } from './mailbox.ts';
import { GmailRefusal, invalid, notFound } from './refusal.ts';
import { attachmentOf, messageResource, shapeIn } from './resource.ts';

/** What the routes need of the world behind one mailbox. */
export interface PostOffice {
  now(): number;
  /** Sends for somebody: into their own mailbox, and to everybody who has one here. */
  send(mailbox: Mailbox, mail: Mail, threadId: string | undefined): StoredMessage;
  record(by: string, operation: string, detail: Readonly<Record<string, unknown>>): void;
}

interface Call {
  readonly mailbox: Mailbox;
  readonly request: EmulatedRequest;
  readonly office: PostOffice;
  readonly id: string;
  readonly inner: string;
}

const LABEL_LIST = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];

/** `{}` stands for an id. */
const ROUTES: Readonly<Record<string, (call: Call) => unknown>> = {
  'GET profile': ({ mailbox }) => ({
    emailAddress: mailbox.email,
    messagesTotal: mailbox.messages.size,
    threadsTotal: mailbox.threads.size,
    historyId: String(mailbox.historyId),
  }),
  'POST watch': ({ mailbox, office, request }) => {
    if (typeof jsonIn(request)['topicName'] !== 'string') throw invalid('Invalid topicName');
    mailbox.watched = true;
    return { historyId: String(mailbox.historyId), expiration: String(office.now() + 7 * 86_400_000) };
  },
  'POST stop': ({ mailbox }) => {
    mailbox.watched = false;
  },
  'GET labels': ({ mailbox }) => ({ labels: [...mailbox.labels.values()] }),
  'GET labels/{}': ({ mailbox, id }) => mailbox.labels.get(id) ?? missing(),
  'GET messages': ({ mailbox, request, office }) => listMessages(mailbox, request.query, office.now()),
  'GET messages/{}': ({ mailbox, request, id }) => messageResource(messageIn(mailbox, id), shapeIn(request.query)),
  'GET messages/{}/attachments/{}': ({ mailbox, id, inner }) => {
    const bytes = attachmentOf(messageIn(mailbox, id), inner) ?? missing();
    return { size: bytes.length, data: bytes.toString('base64url') };
  },
  'POST messages/send': (call) => {
    const { mail, threadId } = rawIn(call);
    return sent(call, 'messages.send', mail, threadId);
  },
  'POST messages/{}/modify': (call) => {
    const message = messageIn(call.mailbox, call.id);
    relabel(call, [message]);
    return brief(message);
  },
  'POST messages/{}/trash': ({ mailbox, id, office }) => {
    const message = messageIn(mailbox, id);
    mailbox.trash(message);
    office.record(mailbox.email, 'messages.trash', { id });
    return brief(message);
  },
  'DELETE messages/{}': ({ mailbox, id, office }) => {
    mailbox.delete(messageIn(mailbox, id));
    office.record(mailbox.email, 'messages.delete', { id });
  },
  'GET threads': ({ mailbox, request, office }) => listThreads(mailbox, request.query, office.now()),
  'GET threads/{}': ({ mailbox, request, id }) => {
    const messages = mailbox.threads.get(id) ?? missing();
    const shape = shapeIn(request.query);
    if (shape.format === 'raw') throw invalid("Invalid value at 'format' (raw)");
    return {
      id,
      historyId: threadHistoryId(messages),
      messages: messages.map((each) => messageResource(each, shape)),
    };
  },
  'POST threads/{}/modify': (call) => {
    const messages = call.mailbox.threads.get(call.id) ?? missing();
    relabel(call, messages);
    return { id: call.id, historyId: threadHistoryId(messages), messages: messages.map(brief) };
  },
  'GET history': ({ mailbox, request }) => listHistory(mailbox, request.query),
  'POST drafts': (call) => {
    const { mail, threadId } = rawIn(call);
    const message = call.mailbox.add(mail, call.office.now(), ['DRAFT'], threadId);
    const id = `r${BigInt(`0x${message.id}`)}`;
    call.mailbox.drafts.set(id, message.id);
    call.office.record(call.mailbox.email, 'drafts.create', { id, messageId: mail.messageId });
    return { id, message: brief(message) };
  },
  'GET drafts': ({ mailbox }) => ({
    drafts: [...mailbox.drafts].map(([id, message]) => ({ id, message: brief(messageIn(mailbox, message)) })),
  }),
  'POST drafts/send': (call) => {
    const draft = messageIn(call.mailbox, call.mailbox.drafts.get(String(jsonIn(call.request)['id'])) ?? '');
    const answer = sent(call, 'drafts.send', draft.mail, draft.threadId);
    call.mailbox.delete(draft);
    return answer;
  },
};

const PATH = /^(?:\/upload)?\/gmail\/v1\/users\/([^/]+)\/(\w+)(?:\/([^/]+))?(?:\/(\w+))?(?:\/([^/]+))?$/;

export function answerGmail(
  request: EmulatedRequest,
  mailboxes: ReadonlyMap<string, Mailbox>,
  office: PostOffice,
): EmulatedAnswer {
  const path = PATH.exec(request.path) ?? missing();
  const [, user = '', kind = '', id = '', verb, inner = ''] = path.map(unescaped);
  if (user !== 'me' && user.toLowerCase() !== request.email.toLowerCase())
    throw new GmailRefusal(403, 'forbidden', `Delegation denied for ${request.email}`);
  const mailbox = mailboxes.get(request.email.toLowerCase());
  if (mailbox === undefined) throw new GmailRefusal(400, 'failedPrecondition', 'Mail service not enabled');
  const shapes = [
    `${request.method} ${[kind, id].filter((part) => part !== '').join('/')}`,
    `${request.method} ${kind}${id === '' ? '' : '/{}'}${verb ? `/${verb}` : ''}${inner === '' ? '' : '/{}'}`,
  ];
  const route = verb ? ROUTES[shapes[1]!] : (ROUTES[shapes[0]!] ?? ROUTES[shapes[1]!]);
  if (route === undefined) throw notFound();
  const body = route({ mailbox, request, office, id, inner });
  if (body === undefined) return { status: 204 };
  return { status: 200, body: partial(body, request.query.get('fields')) };
}

function unescaped(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? '');
  } catch {
    throw notFound();
  }
}

function missing(): never {
  throw notFound();
}

function messageIn(mailbox: Mailbox, id: string): StoredMessage {
  return mailbox.messages.get(id) ?? missing();
}

function brief({ id, threadId, labels }: StoredMessage): Record<string, unknown> {
  return { id, threadId, labelIds: [...labels] };
}

function relabel({ mailbox, request, office, id }: Call, messages: readonly StoredMessage[]): void {
  const body = jsonIn(request);
  const add = LABEL_LIST(body['addLabelIds']);
  const remove = LABEL_LIST(body['removeLabelIds']);
  const unknown = [...add, ...remove].find((label) => !mailbox.labels.has(label));
  if (unknown !== undefined) throw invalid(`Invalid label: ${unknown}`);
  for (const message of messages) mailbox.modify(message, add, remove);
  office.record(mailbox.email, 'messages.modify', { id, add, remove });
}

function sent({ mailbox, office }: Call, operation: string, mail: Mail, threadId: string | undefined): unknown {
  const to = ['to', 'cc', 'bcc'].flatMap((name) => mail.addresses(name));
  if (to.length === 0) throw invalid('Recipient address required');
  const message = office.send(mailbox, mail, threadId);
  office.record(mailbox.email, operation, {
    id: message.id,
    threadId: message.threadId,
    messageId: mail.messageId,
    to,
    subject: mail.header('subject'),
    text: mail.text,
  });
  return brief(message);
}

/** The message of a send or a draft: in JSON, or uploaded alone or beside its JSON. */
function rawIn({ request, mailbox }: Call): { mail: Mail; threadId: string | undefined } {
  const { resource, media } = uploaded(request);
  const message = (resource['message'] ?? resource) as Record<string, unknown>;
  const raw = media ?? (typeof message['raw'] === 'string' ? Buffer.from(message['raw'], 'base64url') : undefined);
  if (raw === undefined || raw.length === 0)
    throw invalid("'raw' RFC822 payload message string or uploading message via /upload/* URL required");
  const threadId = typeof message['threadId'] === 'string' ? message['threadId'] : undefined;
  if (threadId !== undefined && !mailbox.threads.has(threadId)) throw notFound();
  return { mail: new Mail(raw), threadId };
}

function uploaded(request: EmulatedRequest): { resource: Record<string, unknown>; media?: Buffer } {
  if (!request.path.startsWith('/upload/')) return { resource: jsonIn(request) };
  if (request.query.get('uploadType') === 'media') return { resource: {}, media: request.body };
  const type = `content-type: ${request.headers['content-type'] ?? ''}\r\n\r\n`;
  const [json, message] = new Mail(Buffer.concat([Buffer.from(type), request.body])).root.parts;
  if (json === undefined || message === undefined) throw invalid('Malformed multipart body.');
  return { resource: parsed(json.body.toString()), media: message.body };
}

function jsonIn(request: EmulatedRequest): Record<string, unknown> {
  return request.body.length === 0 ? {} : parsed(request.body.toString());
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Refused below.
  }
  throw new GmailRefusal(400, 'parseError', 'Parse Error');
}
