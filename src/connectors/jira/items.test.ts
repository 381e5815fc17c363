import { describe, expect, it } from '@jest/globals';
import { readDocument } from './adf.ts';
import { issueItem, type IssueParts } from './items.ts';

const NOW = Date.parse('2026-11-25T10:00:00Z');
const view = { accountId: 'me', site: 'https://acme.atlassian.net', slaFields: ['customfield_1'], now: NOW };
const doc = (...content: unknown[]) => ({ type: 'doc', version: 1, content: [{ type: 'paragraph', content }] });
const text = (words: string) => ({ type: 'text', text: words });
const mention = { type: 'mention', attrs: { id: 'me', text: '@Ana' } };
const comment = (by: string, at: string, ...content: unknown[]) => ({
  author: { accountId: by, emailAddress: `${by}@acme.test` },
  created: at,
  body: doc(...content),
});

function item(fields: object, parts: Partial<IssueParts> = {}) {
  const issue = {
    key: 'PLAT-12',
    fields: { summary: 'Rotate keys', updated: '2026-11-24T08:00:00.000+0000', ...fields },
  };
  return issueItem({ issue, comments: [], remoteLinks: [], watched: false, ...parts }, view);
}
const mine = { assignee: { accountId: 'me' } };

describe('an issue as work', () => {
  it('is known by its key and its address, and refers to neither', () => {
    const found = item({
      ...mine,
      description: doc(text('PLAT-12 goes with PLAT-9, see https://github.com/acme/gateway/pull/42/files')),
    })!;
    expect(found.names).toEqual(['key:PLAT-12', 'url:https://acme.atlassian.net/browse/PLAT-12']);
    expect(found.references.map(({ to }) => to)).toEqual(
      expect.arrayContaining(['key:PLAT-9', 'url:https://github.com/acme/gateway/pull/42']),
    );
    expect(found.references.map(({ to }) => to)).not.toContain('key:PLAT-12');
  });

  it('takes an attached pull request for the very thing, a linked issue not', () => {
    const issuelinks = [{ type: { name: 'Relates' }, inwardIssue: { key: 'OPS-3' } }];
    const found = item({ ...mine, issuelinks }, { remoteLinks: ['https://github.com/acme/gateway/pull/42'] })!;
    expect(found.references).toContainEqual({ to: 'url:https://github.com/acme/gateway/pull/42', explicit: true });
    expect(found.references).toContainEqual({ to: 'key:OPS-3', explicit: false });
  });

  it('has the due date, the running SLA that is broken first, and whom it blocks', () => {
    const cycle = (from: string, to: string, paused = false) => ({
      ongoingCycle: { startTime: { epochMillis: Date.parse(from) }, breachTime: { iso8601: to }, paused },
    });
    const blocks = (key: string, category: string) => ({
      type: { name: 'Blocks', outward: 'blocks' },
      outwardIssue: { key, fields: { status: { statusCategory: { key: category } } } },
    });
    const found = item({
      ...mine,
      duedate: '2026-11-30',
      customfield_1: cycle('2026-11-24T00:00:00Z', '2026-11-26T00:00:00+0100'),
      issuelinks: [
        blocks('PLAT-1', 'new'),
        blocks('PLAT-2', 'done'),
        { type: { name: 'Blocks' }, inwardIssue: { key: 'PLAT-3' } },
      ],
    })!;
    expect(found.deadline).toBe('2026-11-30');
    expect(found.sla).toEqual({ from: '2026-11-24T00:00:00.000Z', until: '2026-11-25T23:00:00.000Z' });
    expect(found.blocks).toBe(1);
    expect(
      item({ ...mine, customfield_1: cycle('2026-11-24T00:00:00Z', '2026-11-26T00:00:00Z', true) })!.sla,
    ).toBeNull();
  });

  it('counts who has asked since the person’s last word', () => {
    const comments = [
      comment('bo', '2026-11-20T08:00:00Z', text('How is it going?')),
      comment('me', '2026-11-21T08:00:00Z', text('Soon')),
      comment('bo', '2026-11-22T08:00:00Z', text('And now?')),
      comment('cy', '2026-11-23T08:00:00Z', mention, text(' please')),
      comment('cy', '2026-11-23T09:00:00Z', text('Fine for me.')),
    ];
    expect(item(mine, { comments })!.followUps).toBe(2);
  });

  it('concerns a person who is only mentioned until they answer', () => {
    const asked = comment('bo', '2026-11-22T08:00:00Z', mention, text(' can you look?'));
    const open = item({}, { comments: [asked] })!;
    expect(open).toMatchObject({ reasons: ['mentioned'], asker: 'bo@acme.test', followUps: 0, done: null });
    const answered = item({}, { comments: [asked, comment('me', '2026-11-23T08:00:00Z', text('Done'))] })!;
    expect(answered).toMatchObject({ reasons: [], done: { at: '2026-11-23T08:00:00.000Z', how: 'answered' } });
    expect(item({}, { comments: [comment('bo', '2026-11-22T08:00:00Z', text('hello'))] })).toBeNull();
  });

  it('is closed by the category of its status, whatever the status is called', () => {
    const status = { name: 'Erledigt', statusCategory: { key: 'done' } };
    const closed = item({ ...mine, status, resolutiondate: '2026-11-24T07:00:00.000+0100' })!;
    expect(closed).toMatchObject({ reasons: [], done: { at: '2026-11-24T06:00:00.000Z', how: 'closed' } });
  });

  it('has nobody asking where it is one’s own or the address is hidden', () => {
    expect(item({ ...mine, reporter: { accountId: 'me', emailAddress: 'me@acme.test' } })!.asker).toBeNull();
    expect(item({ ...mine, reporter: { accountId: 'bo' } })!.asker).toBeNull();
    expect(item({ ...mine, reporter: { accountId: 'bo', emailAddress: 'Bo@Acme.test' } })!.asker).toBe('bo@acme.test');
  });

  it('survives whatever is in the place of fields', () => {
    for (const odd of [null, 7, 'x', [], [null], { a: 1 }, '\u0000', '💥'.repeat(10)]) {
      const names = [
        'summary',
        'description',
        'status',
        'reporter',
        'created',
        'updated',
        'duedate',
        'issuelinks',
        'customfield_1',
      ];
      const found = item(
        { ...mine, ...Object.fromEntries(names.map((name) => [name, odd])) },
        { comments: [{ body: odd, author: odd }] as never },
      )!;
      expect(found.title).not.toBe('');
      expect(Number.isNaN(Date.parse(found.updatedAt))).toBe(false);
    }
    expect(issueItem({ issue: { key: '../../x' }, comments: [], remoteLinks: [], watched: true }, view)).toBeNull();
    expect(issueItem({ issue: {}, comments: [], remoteLinks: [], watched: true }, view)).toBeNull();
  });

  it('reads a summary of a megabyte and a thread of 10,000 comments in no time', () => {
    const comments = Array.from({ length: 10_000 }, (_, at) =>
      comment('bo', '2026-11-22T08:00:00Z', mention, text(`? ${at}`)),
    );
    const began = performance.now();
    const found = item({ ...mine, summary: 'Größe 漢字 '.repeat(100_000) }, { comments })!;
    expect(performance.now() - began).toBeLessThan(20_000); // far above a slow machine, far below a cost that grows with the square
    expect(found.title.length).toBeLessThanOrEqual(300);
  });
});

describe('an Atlassian document', () => {
  it('is read however deep it goes', () => {
    let node: unknown = { type: 'text', text: 'deep down PLAT-9' };
    for (let depth = 0; depth < 100_000; depth += 1) node = { type: 'blockquote', content: [node] };
    expect(readDocument({ type: 'doc', content: [node] }).text).toContain('deep down PLAT-9');
  });

  it('gives its links, cards and mentions', () => {
    const linked = { type: 'text', text: 'here', marks: [{ type: 'link', attrs: { href: 'https://a.test/1' } }] };
    const card = { type: 'inlineCard', attrs: { url: 'https://a.test/2' } };
    const reading = readDocument(doc(linked, card, mention));
    expect(reading.links).toEqual(['https://a.test/1', 'https://a.test/2']);
    expect([...reading.mentions]).toEqual(['me']);
  });

  it('may be a plain string, or nothing', () => {
    expect(readDocument('plain').text).toBe('plain');
    expect(readDocument(null).text).toBe('');
    expect(readDocument(doc(null, 3, { content: 'x' })).text.trim()).toBe('');
  });
});
