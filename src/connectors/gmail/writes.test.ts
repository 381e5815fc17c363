import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { gmailConnector } from './gmail-connector.ts';
import { failureOf, GmailWorld } from './testing.ts';

let world: GmailWorld;
beforeEach(async () => {
  world = await GmailWorld.start();
});
afterEach(() => world.gmail.close());

const mail = { to: 'Bob <bob@acme.test>', subject: 'Numbers', text: 'Here they are.' };
const sends = () => world.gmail.written.filter(({ operation }) => operation === 'messages.send');
const inbox = (email: string) =>
  [...world.gmail.mailbox(email).messages.values()].filter(({ labels }) => labels.has('INBOX'));

describe('sending mail', () => {
  it('reaches those it is for, with what was said', async () => {
    const answer = await world.write('email_send', {
      ...mail,
      subject: 'Zahlen für Q3 📈 שלום',
      cc: ['carol@acme.test'],
      html: '<p>Here they <b>are</b>.</p>',
    });
    expect(answer).toMatchObject({ repeated: false });
    const [received] = inbox('bob@acme.test');
    expect(received!.mail.header('subject')).toBe('Zahlen für Q3 📈 שלום');
    expect(received!.mail.header('from')).toBe('Alice Ähm <alice@acme.test>');
    expect(received!.mail.messageId).toBe(answer['messageId']);
    expect(received!.mail.text).toBe('Here they are.');
    expect(inbox('carol@acme.test')).toHaveLength(1);
  });

  it('hides blind copies from all others', async () => {
    await world.write('email_send', { ...mail, bcc: 'carol@acme.test' });
    expect(inbox('carol@acme.test')).toHaveLength(1);
    expect(inbox('bob@acme.test')[0]!.mail.raw.toString()).not.toContain('carol');
  });

  it('sends once under one message id, whether given or made from the content', async () => {
    const given = { ...mail, messageId: '<once@acme.test>' };
    const first = await world.write('email_send', given);
    expect(await world.write('email_send', given)).toEqual({ ...first, repeated: true });
    await world.write('email_send', mail);
    expect(await world.write('email_send', mail)).toMatchObject({ repeated: true });
    await world.write('email_send', { ...mail, text: 'Something else.' });
    expect(sends()).toHaveLength(3);
  });

  it('sends once where the answer to the first send was lost', async () => {
    world.gmail.faults = ({ path }) => (path.endsWith('/send') ? { kind: 'truncate' } : undefined);
    await failureOf(world.write('email_send', mail));
    world.gmail.faults = () => undefined;
    expect(await world.write('email_send', mail)).toMatchObject({ repeated: true });
    expect(sends()).toHaveLength(1);
  });

  it('knows a repeat where Gmail has given the mail another message id', async () => {
    await world.gmail.close();
    world = await GmailWorld.start({ rewritesMessageIds: true });
    const given = { ...mail, messageId: 'once@acme.test' };
    const first = await world.write('email_send', given);
    for (let i = 0; i < 8; i += 1) await world.write('email_send', { ...mail, text: `Other ${i}` });
    expect(await world.write('email_send', given)).toEqual({ ...first, repeated: true });
    expect(sends()).toHaveLength(9);
  });

  it('answers in the thread, for Gmail and for all other mail programs', async () => {
    const asked = world.mail({ subject: 'Numbers?', references: ['older@acme.test'] });
    for (const by of [{ threadId: asked.threadId }, { inReplyTo: `<${asked.messageId}>` }]) {
      const answer = await world.write('email_send', { ...mail, ...by, text: JSON.stringify(by) });
      expect(answer['threadId']).toBe(asked.threadId);
      const sent = world.gmail.mailbox('alice@acme.test').messages.get(String(answer['id']))!;
      expect(sent.mail.header('in-reply-to')).toContain(asked.messageId);
      expect(sent.mail.header('references')).toContain(`<older@acme.test> <${asked.messageId}>`);
    }
  });

  it.each([
    { subject: 'Hi\r\nBcc: eve@evil.test' },
    { subject: 'Hi\nX: y' },
    { to: 'bob@acme.test\r\nBcc: eve@evil.test' },
    { to: 'bob@acme.test, eve@evil.test' },
    { to: 'Bob\nX <bob@acme.test>' },
    { cc: ['<eve@evil.test'] },
    { to: [] },
    { messageId: 'a@b>\r\nBcc: eve@evil.test' },
    { messageId: 'no id' },
    { inReplyTo: 'a@b> <c@d' },
    { attachments: [{ path: '/etc/passwd' }] },
  ])('refuses %j', async (part) => {
    const { schema } = gmailConnector.writes['email_send']!;
    expect(schema.safeParse(mail).success).toBe(true);
    expect(schema.safeParse({ ...mail, ...part }).success).toBe(false);
  });

  it('adds no header, whatever a name or a text says', async () => {
    await world.write('email_send', {
      ...mail,
      to: ['Bob, Bcc: eve@evil.test <bob@acme.test>'],
      text: '.\r\n\r\nBcc: eve@evil.test\r\n',
    });
    expect(sends()[0]!.detail['to']).not.toContain('eve@evil.test');
    expect(inbox('bob@acme.test')).toHaveLength(1);
  });
});

describe('drafts and labels', () => {
  it('puts a draft where the person finds it, and sends nothing', async () => {
    const asked = world.mail();
    const draft = await world.write('email_draft', { ...mail, threadId: asked.threadId });
    expect(draft['threadId']).toBe(asked.threadId);
    expect(world.gmail.mailbox('alice@acme.test').drafts.has(String(draft['id']))).toBe(true);
    expect(inbox('bob@acme.test')).toHaveLength(0);
    // A draft is no answer.
    expect((await world.sync()).items.get(asked.threadId)).toMatchObject({ reasons: ['unread'], done: null });
  });

  it('marks a message as read', async () => {
    const { id } = world.mail();
    const { labels } = await world.write('email_modify_labels', { id, remove: ['UNREAD'], add: ['STARRED'] });
    expect(labels).toEqual(['INBOX', 'STARRED']);
    expect(await failureOf(world.write('email_modify_labels', { id, add: ['NONE'] }))).toMatchObject({
      failure: 'invalid',
    });
  });
});

describe('reading mail', () => {
  it('searches, and shows a message, a thread and the labels', async () => {
    const first = world.mail({
      subject: 'Budget',
      html: '<p>See <a href="https://acme.test/b?a=1&amp;b=2">this</a></p>',
      text: undefined,
    });
    world.mail({ subject: 'Re: Budget', inReplyTo: first.messageId, labels: ['INBOX'] });
    world.mail({ subject: 'Lunch' });
    const found = await world.read('messages', { q: 'subject:budget is:unread', limit: '5' });
    expect(found['messages']).toMatchObject([{ id: first.id, subject: 'Budget', from: { address: 'bob@acme.test' } }]);
    const message = await world.read('message', { id: first.id });
    expect(message['text']).toContain('https://acme.test/b?a=1&b=2');
    const thread = await world.read('thread', { id: first.threadId });
    expect(thread['messages']).toHaveLength(2);
    const { labels } = await world.read('labels');
    expect(labels).toContainEqual({ id: 'INBOX', name: 'INBOX', type: 'system' });
    expect(await failureOf(world.read('message', { id: 'abc' }))).toMatchObject({ failure: 'not_found' });
  });

  it('sees only the mailbox of the person who signed in', async () => {
    const { id } = world.mail();
    expect(await failureOf(world.read('message', { id }, world.access('carol')))).toMatchObject({
      failure: 'not_found',
    });
    expect(await failureOf(world.read('labels', {}, world.access('nobody')))).toMatchObject({
      failure: 'unauthorised',
    });
  });
});
