import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Delivery, type GmailEmulator, startGmailEmulator } from './index.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const DAY = 86_400_000;
let gmail: GmailEmulator;
const changes: string[] = [];

beforeEach(async () => {
  changes.length = 0;
  gmail = await startGmailEmulator({ now: () => NOW, onChange: ({ emailAddress }) => changes.push(emailAddress) });
  for (const name of ['ana', 'ben']) {
    gmail.addAccount(`${name}@acme.test`, name);
    gmail.addToken(name, `${name}@acme.test`);
  }
});
afterEach(() => gmail.close());

async function call(path: string, body?: unknown, { token = 'ana', type = 'application/json', method = '' } = {}) {
  const response = await fetch(`${gmail.url}${path.startsWith('/') ? path : `/gmail/v1/users/me/${path}`}`, {
    method: method || (body === undefined ? 'GET' : 'POST'),
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as any };
}

const deliver = (delivery: Partial<Delivery> = {}) =>
  gmail
    .deliver({
      from: 'Eve <eve@out.test>',
      to: 'ana@acme.test',
      subject: 'Hi',
      text: 'Hello you',
      date: NOW - DAY,
      ...delivery,
    })
    .find(({ email }) => email === 'ana@acme.test')!;
const found = async (q: string) => {
  const { body } = await call(`messages?q=${encodeURIComponent(q)}`);
  return (body.messages ?? []).map(({ id }: { id: string }) => id);
};
const raw = (text: string) => Buffer.from(text).toString('base64url');

describe('the Gmail emulator', () => {
  it('refuses strangers, and one person what is another’s, as Google does', async () => {
    expect(await call('profile', undefined, { token: 'nobody' })).toMatchObject({
      status: 401,
      body: { error: { code: 401, status: 'UNAUTHENTICATED', errors: [{ reason: 'authError' }] } },
    });
    expect((await call('/gmail/v1/users/ben@acme.test/profile')).body.error).toMatchObject({ code: 403 });
    expect(await call('messages/none')).toMatchObject({
      status: 404,
      body: { error: { code: 404, status: 'NOT_FOUND', errors: [{ domain: 'global', reason: 'notFound' }] } },
    });
    expect((await call('%E0%A4%A')).status).toBe(404);
    expect((await call('messages/send', '{')).body.error.errors[0].reason).toBe('parseError');
  });

  it('shows a message in four formats, and only the fields that are asked for', async () => {
    const { id, threadId } = deliver({ html: '<p>Hello you</p>', headers: { 'X-Some': 'thing' } });
    const { body: full } = await call(`messages/${id}`);
    expect(full).toMatchObject({
      id,
      threadId,
      labelIds: ['INBOX', 'UNREAD'],
      internalDate: String(NOW - DAY),
      snippet: 'Hello you',
    });
    expect(full.payload.parts.map((part: { mimeType: string }) => part.mimeType)).toEqual(['text/plain', 'text/html']);
    const { body: metadata } = await call(`messages/${id}?format=metadata&metadataHeaders=x-some`);
    expect(metadata.payload).toEqual({
      mimeType: 'multipart/alternative',
      headers: [{ name: 'X-Some', value: 'thing' }],
    });
    const { body: whole } = await call(`messages/${id}?format=raw`);
    expect(Buffer.from(whole.raw, 'base64url').toString()).toContain('X-Some: thing');
    expect((await call(`messages/${id}?format=minimal`)).body.payload).toBeUndefined();
    expect((await call(`messages/${id}?fields=id,payload(headers/name)`)).body.payload.headers[0]).toEqual({
      name: 'From',
    });
    expect((await call(`messages/${id}?fields=id,payload(`)).status).toBe(400);
    expect((await call(`messages/${id}?format=odd`)).status).toBe(400);
  });

  it('searches as Gmail does', async () => {
    const invoice = deliver({ subject: 'Invoice', messageId: 'i1@out.test', cc: 'carl@out.test' });
    const starred = deliver({
      from: 'ben@acme.test',
      labels: ['INBOX', 'STARRED'],
      date: NOW - 10 * DAY,
      text: 'Lunch today',
    });
    const archived = deliver({ labels: [], date: NOW - 40 * DAY, subject: 'Old invoice' });
    expect(await found('is:unread')).toEqual([invoice.id]);
    expect(await found('is:starred')).toEqual([starred.id]);
    expect(await found('in:inbox -is:starred')).toEqual([invoice.id]);
    expect(await found('subject:invoice')).toEqual([invoice.id, archived.id]);
    expect(await found('subject:"old invoice"')).toEqual([archived.id]);
    expect(await found('from:eve newer_than:30d')).toEqual([invoice.id]);
    expect(await found('after:2026/11/10 before:2026/11/20')).toEqual([starred.id]);
    expect(await found('rfc822msgid:i1@out.test')).toEqual([invoice.id]);
    expect(await found('lunch')).toEqual([starred.id]);
    expect(await found('cc:carl@out.test OR is:starred')).toEqual([invoice.id, starred.id]);
    expect(await found('{is:starred subject:invoice}')).toEqual([invoice.id, starred.id, archived.id]);
    expect(await found('{is:starred (subject:invoice in:inbox)} newer_than:30d')).toEqual([invoice.id, starred.id]);
    expect((await call('messages?q=after:never')).status).toBe(400);
  });

  it('lists page by page without losing or doubling what lies between', async () => {
    const all = Array.from({ length: 25 }, (_, i) => deliver({ date: NOW - DAY + i }).id).reverse();
    const seen: string[] = [];
    for (let token = ''; ;) {
      const { body } = await call(`messages?maxResults=10${token}`);
      seen.push(...body.messages.map(({ id }: { id: string }) => id));
      deliver({ date: NOW });
      if (body.nextPageToken === undefined) break;
      token = `&pageToken=${body.nextPageToken}`;
    }
    expect(seen).toEqual(all);
    const { body } = await call('threads?maxResults=10');
    expect(body.threads).toHaveLength(10);
    expect((await call('messages?pageToken=odd')).status).toBe(400);
  });

  it('keeps a history that grows, pages, and forgets', async () => {
    const { body: profile } = await call('profile');
    expect(profile.historyId).toMatch(/^\d+$/);
    const { id, threadId } = deliver();
    await call(`messages/${id}/modify`, { addLabelIds: ['STARRED'], removeLabelIds: ['UNREAD'] });
    await call(`messages/${id}/trash`, {});
    await call(`messages/${id}`, undefined, { method: 'DELETE' });
    const { body } = await call(`history?startHistoryId=${profile.historyId}`);
    expect(body.history.map((record: object) => Object.keys(record)[2])).toEqual([
      'messagesAdded', 'labelsAdded', 'labelsRemoved', 'labelsAdded', 'labelsRemoved', 'messagesDeleted',
    ]); // prettier-ignore
    expect(body.history[1].labelsAdded[0]).toMatchObject({ message: { id, threadId }, labelIds: ['STARRED'] });
    const { body: first } = await call(`history?startHistoryId=${profile.historyId}&maxResults=2`);
    expect(first.history).toHaveLength(2);
    const { body: rest } = await call(`history?startHistoryId=${profile.historyId}&pageToken=${first.nextPageToken}`);
    expect(rest.history).toHaveLength(4);
    const { body: only } = await call(`history?startHistoryId=${profile.historyId}&historyTypes=messageDeleted`);
    expect(only.history).toHaveLength(1);
    expect((await call('history?startHistoryId=1')).body.error.errors[0].reason).toBe('notFound');
    gmail.mailbox('ana@acme.test').forgetHistory();
    expect((await call(`history?startHistoryId=${profile.historyId}`)).status).toBe(404);
    expect((await call('history')).status).toBe(400);
  });

  it('delivers what is sent, in JSON or uploaded, into the thread it answers', async () => {
    const message =
      'To: ben@acme.test\r\nBcc: eve@out.test\r\nSubject: Plan\r\nMessage-ID: <p1@acme.test>\r\n\r\nSee you';
    const { body: sent } = await call('messages/send', { raw: raw(message) });
    expect(sent.labelIds).toEqual(['SENT']);
    const { body: received } = await call('messages?q=is:unread', undefined, { token: 'ben' });
    expect(received.messages).toHaveLength(1);
    const answer = 'To: ana@acme.test\r\nSubject: Re: Plan\r\nIn-Reply-To: <p1@acme.test>\r\n\r\nFine';
    await call('/upload/gmail/v1/users/me/messages/send?uploadType=media', answer, {
      token: 'ben',
      type: 'message/rfc822',
    });
    const parts = `--b\r\nContent-Type: application/json\r\n\r\n{"threadId":"${sent.threadId}"}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nTo: ben@acme.test\r\n\r\nThird\r\n--b--`;
    await call('/upload/gmail/v1/users/me/messages/send?uploadType=multipart', parts, {
      type: 'multipart/related; boundary=b',
    });
    const { body: thread } = await call(`threads/${sent.threadId}`);
    expect(thread.messages.map((each: { snippet: string }) => each.snippet)).toEqual(['See you', 'Fine', 'Third']);
    expect(gmail.written.map(({ operation, by }) => [operation, by])).toEqual([
      ['messages.send', 'ana@acme.test'],
      ['messages.send', 'ben@acme.test'],
      ['messages.send', 'ana@acme.test'],
    ]);
    expect((await call('messages/send', { raw: raw('Subject: to nobody\r\n\r\n') })).status).toBe(400);
  });

  it('sends a draft once', async () => {
    const { body: draft } = await call('drafts', { message: { raw: raw('To: ben@acme.test\r\nSubject: D\r\n\r\nx') } });
    expect((await call('drafts/send', { id: draft.id })).body.labelIds).toEqual(['SENT']);
    expect((await call('drafts/send', { id: draft.id })).status).toBe(404);
  });

  it('gives attachments apart', async () => {
    const { id } = deliver({
      raw: 'From: e@out.test\r\nTo: ana@acme.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText\r\n--b\r\nContent-Disposition: attachment; filename="a.txt"\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n--b--',
    });
    const { body } = await call(`messages/${id}`);
    const { filename, body: part } = body.payload.parts[1];
    expect([filename, part.size]).toEqual(['a.txt', 5]);
    const { body: attachment } = await call(`messages/${id}/attachments/${part.attachmentId}`);
    expect(Buffer.from(attachment.data, 'base64url').toString()).toBe('Hello');
    expect((await call(`messages/${id}/attachments/none`)).status).toBe(404);
  });

  it('tells of changes while somebody watches', async () => {
    deliver();
    expect(changes).toEqual([]);
    await call('watch', { topicName: 'projects/p/topics/t' });
    deliver();
    expect(changes).toEqual(['ana@acme.test']);
    expect((await call('stop', {})).status).toBe(204);
    deliver();
    expect(changes).toHaveLength(1);
  });
});
