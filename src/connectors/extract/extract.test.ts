import { describe as suite, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deadlineIn, describe, keyName, urlName } from './index.ts';

const explicit = (parts: Parameters<typeof describe>[0]) =>
  describe(parts)
    .references.filter((one) => one.explicit)
    .map((one) => one.to);
const named = (parts: Parameters<typeof describe>[0]) => describe(parts).references.map((one) => one.to);

suite('names', () => {
  it.each([
    ['HTTPS://Example.COM/a//b/?utm_source=x&z=1&a=2#top', 'url:https://example.com/a/b?a=2&z=1'],
    ['http://www.example.com/', 'url:https://example.com'],
    ['https://github.com/Acme/Gateway/pull/42/files#diff-1', 'url:https://github.com/acme/gateway/pull/42'],
    ['https://github.com/acme/gateway/issues/7#issuecomment-1', 'url:https://github.com/acme/gateway/issues/7'],
    ['https://docs.google.com/document/d/1AbC_-x/edit?usp=sharing#heading=h.1', 'url:https://drive.google.com/file/d/1AbC_-x'],
    ['https://drive.google.com/open?id=1AbC', 'url:https://drive.google.com/file/d/1AbC'],
    ['https://docs.google.com/spreadsheets/u/1/d/1AbC/edit#gid=0', 'url:https://drive.google.com/file/d/1AbC'],
    ['https://acme.atlassian.net/browse/plat-12?focusedCommentId=3', 'url:https://acme.atlassian.net/browse/PLAT-12'],
    ['https://acme.atlassian.net/jira/software/projects/PLAT/boards/1?selectedIssue=PLAT-12', 'url:https://acme.atlassian.net/browse/PLAT-12'],
    ['https://www.google.com/url?q=https%3A%2F%2Fgithub.com%2Facme%2Fgateway%2Fpull%2F42', 'url:https://github.com/acme/gateway/pull/42'],
    ['https://mail.google.com/mail/u/0/#inbox/FMfcgzQXJWDs', 'url:https://mail.google.com/mail/#all/FMfcgzQXJWDs'],
    ['ftp://example.com/x', null],
    ['https://', null],
    ['not an address', null],
  ])('spells %s as %s', (url, name) => expect(urlName(url)).toBe(name)); // prettier-ignore

  it('spells a key in capitals', () => expect(keyName('plat-12')).toBe('key:PLAT-12'));

  it('leaves a canonical address as it is', () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (url) => {
        const name = urlName(url);
        if (name !== null) expect(urlName(name.slice(4))).toBe(name);
      }),
    );
  });
});

suite('describe', () => {
  it('takes a key in title or branch as explicit, in running text only after a finishing word', () => {
    expect(explicit({ title: 'PLAT-12: retry', explicit: ['fix/plat-13-retry'] })).toEqual([
      'key:PLAT-12',
      'key:PLAT-13',
    ]);
    expect(explicit({ title: 'x', text: 'Fixes PLAT-14. Compare PLAT-15, acme/gateway#4.' })).toEqual(['key:PLAT-14']);
    expect(named({ title: 'x', text: 'Compare PLAT-15, acme/gateway#4.' })).toEqual([
      'key:PLAT-15',
      'repo:acme/gateway#4',
    ]);
  });

  it('takes a link as explicit, unless the words before it say that it is something else', () => {
    expect(explicit({ title: 'x', text: 'Please review https://github.com/acme/gateway/pull/42/files.' })).toEqual([
      'url:https://github.com/acme/gateway/pull/42',
    ]);
    expect(explicit({ title: 'x', text: 'See also: https://github.com/acme/gateway/pull/42' })).toEqual([]);
  });

  it('leaves out meeting rooms, home pages and parts of longer keys', () => {
    expect(
      named({ title: 'CVE-2026-1234 ISO-8859-1', text: 'https://meet.google.com/abc-defg-hij https://acme.example' }),
    ).toEqual([]);
  });

  it('finds paths, file names, names that are canonical already, and people', () => {
    expect(
      named({
        title: 'x',
        text: '`src/audit/writer.ts:12` and Q3-Report.xlsx',
        links: ['mail:a@b', 'mid:c@d'],
        people: ['Bob@Acme.example'],
      }),
    ).toEqual(['mail:a@b', 'mail:c@d', 'path:src/audit/writer.ts', 'name:q3-report.xlsx', 'name:bob@acme.example']);
  });

  it('brings words of English and German to one form, and pairs the characters of scripts without spaces', () => {
    expect(describe({ title: 'Re: The failing reports' }).words).toEqual(
      describe({ title: 'AW: Reports failed' }).words,
    );
    expect(describe({ title: 'Prüfung der Berichte' }).words).toEqual(
      describe({ title: 'Pruefung des Berichts' }).words,
    );
    expect(describe({ title: '四半期報告' }).words).toEqual(['半期', '四半', '期報', '報告'].sort());
    expect(describe({ title: 'Release v1.3.0' }).words).toContain('1.3.0');
  });

  it('makes one readable line of any title', () => {
    expect(describe({ title: ' a\r\n\tb\u0000\u202ec ' }).title).toBe('a b c');
    expect(describe({ title: '😀'.repeat(400) }).title).toHaveLength(299);
  });

  it('keeps its bounds whatever it is given, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ unit: 'grapheme' }), (title, text) => {
        const described = describe({ title, text, explicit: [text], links: [title], people: [text] });
        expect(described.title.length).toBeLessThanOrEqual(300);
        expect(described.words).toEqual([...new Set(described.words)].sort());
        expect(described.words.length).toBeLessThanOrEqual(200);
      }),
    );
  });

  it.each(['a', 'a/', 'A-1 ', '. ', '界', 'a.', '-', 'x@', 'https://a.b/', 'by '])(
    'takes a megabyte of %j without a cost that grows with its square',
    (unit) => {
      const text = unit.repeat(Math.ceil(1_000_000 / unit.length));
      const start = process.cpuUsage().user;
      const described = describe({ title: text, text, explicit: [text], links: [text], people: [text] });
      deadlineIn(text, 0, 'UTC');
      expect(described.references.length).toBeLessThanOrEqual(100);
      expect((process.cpuUsage().user - start) / 1_000).toBeLessThan(20_000);
    },
  );
});

suite('deadlineIn', () => {
  // A Wednesday.
  const now = Date.parse('2026-11-25T10:00:00Z');
  it.each([
    ['Can you review this by Friday?', '2026-11-27'],
    ['please answer until 30 Nov', '2026-11-30'],
    ['due 2026-12-01', '2026-12-01'],
    ['Due date: December 3rd, 2026', '2026-12-03'],
    ['We need it by EOD.', '2026-11-25'],
    ['no later than tomorrow', '2026-11-26'],
    ['by the end of the week', '2026-11-27'],
    ['Bitte bis Freitag prüfen', '2026-11-27'],
    ['spätestens am 30.11. abgeben', '2026-11-30'],
    ['Frist: 4. Dezember 2026', '2026-12-04'],
    ['bis zum 5. Januar', '2027-01-05'],
    ['by next Wednesday', '2026-12-02'],
    ['by Friday, or until 2026-11-26', '2026-11-26'],
    ['See you on Friday', null],
    ['I am out of office until 30 Nov', null],
    ['Ich bin bis Freitag im Urlaub', null],
    ['Danke!\nBis Freitag!', null],
    ['by 31.02.2027', null],
    ['by may be', null],
    ['standby monday', null],
    ['The report of 2026-12-01', null],
    ['by 2019-01-01', null],
  ])('%s → %s', (text, date) => expect(deadlineIn(text, now, 'Europe/Berlin')).toBe(date)); // prettier-ignore

  it('counts days in the reader’s zone', () => {
    const late = Date.parse('2026-11-25T23:30:00Z');
    expect(deadlineIn('by tomorrow', late, 'Europe/Berlin')).toBe('2026-11-27');
    expect(deadlineIn('by tomorrow', late, 'America/New_York')).toBe('2026-11-26');
  });
});
