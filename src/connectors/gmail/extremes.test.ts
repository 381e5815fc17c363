import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { contentOfPayload, contentOfRaw } from './content.ts';
import { htmlText } from './html-text.ts';
import { asks, ownWords } from './own-words.ts';
import { DAY, GmailWorld, NOON } from './testing.ts';

let world: GmailWorld;
beforeAll(async () => {
  world = await GmailWorld.start();
});
afterAll(() => world.gmail.close());

const itemOf = async (threadId: string) => {
  const item = (await world.sync()).items.get(threadId)!;
  expect(item.title.length).toBeLessThanOrEqual(300);
  expect(item.words.length).toBeLessThanOrEqual(200);
  expect(item.names.length).toBeLessThanOrEqual(51);
  expect(item.references.length).toBeLessThanOrEqual(100);
  return item;
};
const raw = (text: string | Uint8Array) => world.mail({ raw: text });

describe('mail as it comes', () => {
  it('reads a thread of 10,000 messages', async () => {
    const first = world.mail({ date: NOON - 2 * DAY });
    for (let i = 1; i < 10_000; i += 1) world.mail({ inReplyTo: first.messageId, date: NOON - DAY + i });
    const item = await itemOf(first.threadId);
    expect(item).toMatchObject({ followUps: 9_999, reasons: ['unread', 'follow_up'] });
    expect(item.names).toHaveLength(51);
    const mailbox = world.gmail.mailbox('alice@acme.test');
    for (const message of [...mailbox.messages.values()]) mailbox.delete(message);
  });

  it.each([
    ['letters', 'x'.repeat(1_000_000)],
    ['spaces', `Re: ${' '.repeat(1_000_000)}end`],
    ['prefixes', 'Re: '.repeat(250_000)],
    ['encoded words', '=?UTF-8?B?8J+YgA==?= '.repeat(50_000)],
    ['emoji', '😀'.repeat(250_000)],
  ])('reads a subject of a megabyte of %s in time', async (_, subject) => {
    const started = performance.now();
    const { threadId } = world.mail({ subject });
    expect((await itemOf(threadId)).reasons).toEqual(['unread']);
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  it('reads Unicode in names and subjects, encoded or bare', async () => {
    const { threadId } = raw(
      [
        'From: =?UTF-8?Q?Zo=C3=AB_M=C3=BCller?= <zoe@acme.test>',
        'To: Alice <alice@acme.test>',
        'Subject: =?ISO-8859-1?Q?Gr=FC=DFe?= =?UTF-8?B?8J+agA==?= שלום \u202Eevil',
        'Message-ID: <u@acme.test>',
        'Content-Type: text/plain; charset=iso-8859-1',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        'K=F6nnen Sie das bis Freitag pr=FCfen?',
      ].join('\r\n'),
    );
    const item = await itemOf(threadId);
    expect(item.title).toMatch(/^Grüße ?🚀 שלום evil$/);
    expect(item).toMatchObject({ asker: 'zoe@acme.test', deadline: '2026-11-27' });
    expect(item.words).toContain('pruef');
  });

  it.each([
    ['no headers', 'just text\r\nwith lines'],
    ['no body', 'From: bob@acme.test\r\nSubject: x'],
    [
      'an open boundary',
      'From: bob@acme.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello there',
    ],
    ['no boundary', 'From: bob@acme.test\r\nContent-Type: multipart/mixed\r\n\r\n--b\r\nhello there'],
    ['an unknown charset', 'From: bob@acme.test\r\nContent-Type: text/plain; charset=klingon\r\n\r\nhello there'],
    ['broken base64', 'From: bob@acme.test\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!=%%%aGVsbG8'],
    ['a broken address', 'From: <<<bob@@acme..test,,\r\nTo: ;;:"\r\n\r\nhello there'],
    ['a header without end', `From: bob@acme.test\r\nX-${'y'.repeat(300_000)}`],
    ['control characters', 'From: bob@acme.test\r\nSubject: a\u0000b\u0007c\r\n\r\nhello\u0000there'],
    [
      'deep nesting',
      `From: bob@acme.test\r\n${Array.from({ length: 500 }, (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`).join('')}`,
    ],
  ])('makes the best of a message with %s', async (_, text) => {
    const { threadId } = world.mail({ raw: text, to: 'alice@acme.test' });
    expect((await itemOf(threadId)).id).toBe(threadId);
  });

  it('reads the text of a large message and leaves its attachments where they are', async () => {
    const { threadId, id } = raw(
      [
        'From: bob@acme.test',
        'To: alice@acme.test',
        'Subject: Report',
        'Content-Type: multipart/mixed; boundary=b',
        '',
        '--b',
        'Content-Type: text/plain; charset=utf-8',
        '',
        'Please sign PLAT-77 by tomorrow.',
        '--b',
        'Content-Type: application/pdf; name=report.pdf',
        'Content-Disposition: attachment; filename=report.pdf',
        'Content-Transfer-Encoding: base64',
        '',
        'QUJD'.repeat(200_000),
        '--b--',
      ].join('\r\n'),
    );
    const item = await itemOf(threadId);
    expect(item.references.map(({ to }) => to)).toContain('key:PLAT-77');
    const message = await world.read('message', { id });
    expect(message['attachments']).toEqual([{ filename: 'report.pdf', mimeType: 'application/pdf' }]);
  });
});

describe('the words of a mail', () => {
  it('leaves out scripts, styles and quotes of HTML, and writes out its links', () => {
    const html =
      '<html><head><style>p{}</style><title>T</title></head><body><script>alert(1)</script><!-- c --><p>Hi&nbsp;<b>you</b> &#128512;</p>' +
      '<a href="https://acme.test/x?a=1&amp;b=2">link</a><a href="javascript:x()">bad</a><blockquote>old <blockquote>older</blockquote></blockquote>bye<div class="gmail_quote">On … wrote</div></body>';
    expect(htmlText(html).replace(/\s+/g, ' ').trim()).toBe('Hi you 😀 link https://acme.test/x?a=1&b=2 badbye');
  });

  it.each([
    '<'.repeat(500_000),
    '<script>'.repeat(60_000),
    '<!--'.repeat(100_000),
    '&#'.repeat(200_000),
    '<a href="'.repeat(50_000),
    '<div class="'.repeat(50_000),
    '<blockquote>'.repeat(40_000),
  ])('takes linear time for hostile HTML (%#)', (html) => {
    const started = performance.now();
    htmlText(html);
    ownWords(html);
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('ends where the quote or the signature begins', () => {
    expect(ownWords('Yes.\n> no\nAlso.\n\nOn Mon, 23 Nov 2026 at 10:00, Bob\n<bob@acme.test> wrote:\n> x')).toBe(
      'Yes.\nAlso.',
    );
    expect(ownWords('Ja.\n\nAm 23.11.2026 um 10:00 schrieb Bob:\n> x')).toBe('Ja.');
    expect(ownWords('Yes.\n-- \nBob, CEO?')).toBe('Yes.');
  });

  it('tells a request from a mere link or politeness', () => {
    expect(['Is it done?', 'Could you look', 'Kannst du mal', 'Please send it'].map(asks)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['See https://a.test/?q=1', 'Please find it attached', 'Done.'].map(asks)).toEqual([false, false, false]);
  });

  it('never throws on anything', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([0xff, 0xfe, 0]), Buffer.from('Content-Type: '.repeat(1_000))]) {
      expect((await contentOfRaw(bytes)).calendar).toBe(false);
    }
    expect(contentOfPayload(undefined).text).toBe('');
    expect(contentOfPayload({ parts: [{}, { mimeType: 'text/plain', body: { data: '%%' } }] }).text).toBe('');
  });
});
