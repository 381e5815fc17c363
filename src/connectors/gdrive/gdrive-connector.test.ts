import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startGdriveEmulator, type GdriveEmulator } from '#libs/emulators/gdrive';
import { VendorError, type VendorAccess } from '../connector.ts';
import { accessTo, collect, withToken } from '../google/testing.ts';
import { gdriveConnector } from './gdrive-connector.ts';

const ANA = 'ana@acme.test';
const BOB = 'bob@acme.test';
const DAY = 86_400_000;
let now: number;
let emulator: GdriveEmulator;
let access: VendorAccess;

beforeEach(async () => {
  now = Date.parse('2026-11-25T08:00:00Z');
  emulator = await startGdriveEmulator({ now: () => now });
  emulator.addToken('t-ana', ANA);
  emulator.addPerson(ANA, 'Ana');
  emulator.addPerson(BOB, 'Bob');
  access = accessTo(emulator.url, { now: () => now });
});
afterEach(() => emulator.close());

const sync = (cursor: string | null = null) => collect(gdriveConnector.sync(access, cursor));
const run = (kind: 'reads' | 'writes', name: string, input: unknown) => {
  const operation = gdriveConnector[kind][name];
  if (operation === undefined) throw new Error(`no ${name}`);
  return operation.run(access, operation.schema.parse(input)) as Promise<Record<string, unknown>>;
};
/** A document of Bob's that Ana has been able to see for long. */
function oldShare(name = 'Design', more = {}): string {
  const id = emulator.addFile(BOB, { name, ...more });
  emulator.share(BOB, id, ANA, 'commenter', new Date(now - 60 * DAY).toISOString());
  emulator.view(ANA, id);
  return id;
}

describe('documents that are work', () => {
  it('are those shared lately and not opened since, asked for by who shared them', async () => {
    const fresh = emulator.addFile(BOB, { name: 'Proposal PLAT-7' });
    emulator.share(BOB, fresh, ANA);
    const old = emulator.addFile(BOB, { name: 'Old' });
    emulator.share(BOB, old, ANA, 'reader', new Date(now - 15 * DAY).toISOString());
    emulator.addFile(ANA, { name: 'Mine' });
    const { items } = await sync();
    expect(items).toMatchObject([
      {
        system: 'gdrive',
        id: fresh,
        kind: 'document',
        title: 'Proposal PLAT-7',
        names: [`url:https://drive.google.com/file/d/${fresh}`],
        references: expect.arrayContaining([{ to: 'key:PLAT-7', explicit: true }]) as unknown,
        reasons: ['shared_for_review'],
        asker: BOB,
        done: null,
        event: null,
      },
    ]);
  });

  it('have been read when the person opens them', async () => {
    const id = emulator.addFile(BOB, { name: 'Proposal' });
    emulator.share(BOB, id, ANA);
    const { cursor } = await sync();
    now += 60_000;
    emulator.view(ANA, id);
    expect(await sync(cursor)).toMatchObject({ full: false, items: [{ id, reasons: [], done: { how: 'read' } }] });
  });

  it('are those with a comment that mentions the person, until they answer', async () => {
    const id = oldShare();
    const comment = emulator.addComment(
      BOB,
      id,
      `@${ANA} please check https://github.com/acme/gateway/pull/4 by Friday`,
    );
    const { items, cursor } = await sync();
    expect(items).toMatchObject([
      { id, reasons: ['mentioned'], asker: BOB, deadline: '2026-11-27', blocks: 0, followUps: 0 },
    ]);
    expect(items[0]?.references.map(({ to }) => to)).toContain('url:https://github.com/acme/gateway/pull/4');
    emulator.addReply(BOB, id, comment, 'Have you seen this?');
    const nudged = await sync(cursor);
    expect(nudged.items).toMatchObject([{ id, followUps: 1 }]);
    emulator.addReply(ANA, id, comment, 'Done');
    expect((await sync(nudged.cursor)).items).toMatchObject([{ id, reasons: [], done: { how: 'answered' } }]);
  });

  it('are those with a comment assigned to the person, until it is resolved, and hold up who waits', async () => {
    const id = oldShare();
    const comment = emulator.addComment(BOB, id, 'Please do', { assignee: ANA });
    const { items, cursor } = await sync();
    expect(items).toMatchObject([{ id, reasons: ['assigned'], blocks: 1, asker: BOB }]);
    emulator.addReply(BOB, id, comment, '', 'resolve');
    expect((await sync(cursor)).items).toMatchObject([{ id, reasons: [], done: { how: 'resolved' } }]);
  });

  it('are the person’s own with comments by others; comments between others are not', async () => {
    const own = emulator.addFile(ANA, { name: 'My plan' });
    emulator.share(ANA, own, BOB, 'writer');
    emulator.addComment(BOB, own, 'Why so?');
    const theirs = oldShare();
    emulator.addComment(BOB, theirs, 'A note to @cid@acme.test');
    expect((await sync()).items).toMatchObject([{ id: own, reasons: ['commented'], asker: BOB }]);
  });

  it('are gone when trashed, deleted, no longer shared, or the comment is taken back', async () => {
    const ids = ['a', 'b', 'c', 'd'].map((name) => {
      const id = oldShare(name);
      return { id, comment: emulator.addComment(BOB, id, `@${ANA}?`) };
    });
    const { items, cursor } = await sync();
    expect(items).toHaveLength(4);
    const [a, b, c, d] = ids;
    emulator.updateFile(BOB, a!.id, { trashed: true });
    emulator.removeFile(BOB, b!.id);
    emulator.unshare(BOB, c!.id, ANA);
    emulator.deleteComment(BOB, d!.id, d!.comment);
    const next = await sync(cursor);
    expect(next.items).toEqual([]);
    expect(next.gone.sort()).toEqual(ids.map(({ id }) => id).sort());
  });

  it('wait for a review no longer than a fortnight, though nothing about them changes', async () => {
    const id = emulator.addFile(BOB, { name: 'Proposal' });
    emulator.share(BOB, id, ANA);
    let { items, cursor } = await sync();
    expect(items).toHaveLength(1);
    now += 13 * DAY;
    ({ items, cursor } = await sync(cursor));
    now += 2 * DAY;
    expect(await sync(cursor)).toMatchObject({ full: false, items: [], gone: [id] });
  });

  it('are no folders and no shortcuts', async () => {
    const kinds = ['folder', 'shortcut'].map((kind) => `application/vnd.google-apps.${kind}`);
    for (const mimeType of kinds) emulator.share(BOB, emulator.addFile(BOB, { name: 'x', mimeType }), ANA);
    expect((await sync()).items).toEqual([]);
  });
});

describe('syncing a drive', () => {
  it('asks for comments only on what has changed and others can see', async () => {
    const paths: string[] = [];
    emulator.faults = ({ path }) => void paths.push(path);
    for (let n = 0; n < 20; n += 1) emulator.addFile(ANA, { name: `private ${n}` });
    const ids = Array.from({ length: 10 }, (_, n) => oldShare(`doc ${n}`));
    const { cursor } = await sync();
    expect(paths.filter((path) => path.endsWith('/comments'))).toHaveLength(10);
    paths.length = 0;
    emulator.addComment(BOB, ids[3]!, `@${ANA}`);
    expect((await sync(cursor)).items).toHaveLength(1);
    expect(paths).toEqual(['/drive/v3/changes', `/drive/v3/files/${ids[3]}/comments`]);
  });

  it('finds at first what was shared lately though not changed for a year', async () => {
    const year = new Date(now - 365 * DAY).toISOString();
    const id = emulator.addFile(BOB, { name: 'Handbook', createdTime: year, modifiedTime: year });
    emulator.share(BOB, id, ANA);
    expect((await sync()).items).toMatchObject([{ id }]);
  });

  it('pages, and goes on where it was broken off', async () => {
    for (let n = 0; n < 230; n += 1) emulator.share(BOB, emulator.addFile(BOB, { name: `f${n}` }), ANA);
    const { pages, items } = await sync();
    expect(items).toHaveLength(230);
    expect(pages.map(({ full, last }) => [full, last])).toEqual([
      [true, false],
      [true, false],
      [true, false],
      [true, true],
    ]);
    const rest = await sync(pages[0]!.cursor);
    expect(rest.items).toHaveLength(130);
    expect([pages, rest.pages].map((of) => of.map(({ first }) => first))).toEqual([
      [true, false, false, false],
      [false, false, false],
    ]);
    const lost = JSON.parse(pages[0]!.cursor) as { full: object };
    const restarted = await sync(JSON.stringify({ ...lost, full: { ...lost.full, page: 'forged' } }));
    expect([restarted.pages[0]?.first, restarted.items.length]).toEqual([true, 230]);
    // What changes while a full sync is under way comes with the changes.
    const late = emulator.addFile(BOB, { name: 'late' });
    emulator.share(BOB, late, ANA);
    expect((await sync(rest.cursor)).items.map(({ id }) => id)).toEqual([late]);
  });

  it('brings many changes in pages, and stands still where there are none', async () => {
    const { cursor } = await sync();
    for (let n = 0; n < 150; n += 1) emulator.share(BOB, emulator.addFile(BOB, { name: `f${n}` }), ANA);
    const { pages, items, cursor: after } = await sync(cursor);
    expect([pages.length, items.length]).toEqual([2, 150]);
    expect(await sync(after)).toMatchObject({ items: [], gone: [], full: false });
  });

  it('begins again where the page token is unknown, or the cursor is none of its own', async () => {
    const id = emulator.addFile(BOB, { name: 'Proposal' });
    emulator.share(BOB, id, ANA);
    const { cursor } = await sync();
    emulator.expirePageTokens(ANA);
    expect(await sync(cursor)).toMatchObject({ full: true, items: [{ id }] });
    const forged = JSON.stringify({ day: '2026-11-25', token: '1', full: { list: 'changed', page: 'forged' } });
    for (const odd of ['', '{', 'null', '{"day":"2026-11-25","token":"x"}', forged]) {
      expect(await sync(odd)).toMatchObject({ full: true, items: [{ id }] });
    }
  });

  it('does without comments where they may not be read, but not where it is told to wait', async () => {
    const id = emulator.addFile(BOB, { name: 'Proposal' });
    emulator.share(BOB, id, ANA);
    const refuse = (reason: string) => {
      const answer = { kind: 'status', status: 403, body: { error: { errors: [{ reason }] } } } as const;
      emulator.faults = ({ path }) => (path.endsWith('/comments') ? answer : undefined);
    };
    refuse('insufficientFilePermissions');
    expect((await sync()).items).toMatchObject([{ id, reasons: ['shared_for_review'] }]);
    refuse('userRateLimitExceeded');
    await expect(sync()).rejects.toMatchObject({ failure: 'rate_limited' });
  });

  it.each([
    [{ kind: 'garbage' } as const, 'garbled'],
    [{ kind: 'truncate' } as const, 'garbled'],
    [{ kind: 'reset' } as const, 'unavailable'],
    [{ kind: 'status', status: 500 } as const, 'unavailable'],
    [{ kind: 'status', status: 429, headers: { 'retry-after': '7' } } as const, 'rate_limited'],
  ])('says what went wrong: %j is %s', async (fault, failure) => {
    emulator.faults = () => fault;
    await expect(sync()).rejects.toMatchObject({ name: 'VendorError', failure });
  });

  it('passes on unchanged what the pipeline throws, and refuses an unknown token as such', async () => {
    const thrown = new VendorError('overloaded', 'gdrive: the queue is full');
    access = { ...access, fetch: () => Promise.reject(thrown) };
    await expect(sync()).rejects.toBe(thrown);
    access = { ...access, fetch: withToken('stolen') };
    await expect(sync()).rejects.toMatchObject({ failure: 'unauthorised' });
  });

  it('survives files and comments with nonsense in every field', async () => {
    const more = {
      name: 7,
      owners: 'x',
      sharedWithMeTime: 'never',
      webViewLink: 5,
      permissions: [null],
      createdTime: null,
    };
    const odd = emulator.addFile(BOB, { name: 'x', more });
    emulator.share(BOB, odd, ANA);
    emulator.addComment(BOB, odd, `@${ANA} 🎉\u202e\u0000`, { createdTime: 'once' });
    expect((await sync()).items).toMatchObject([
      { id: odd, title: 'Untitled', asker: BOB, url: null, reasons: ['mentioned'] },
    ]);
  });

  it('takes no longer than their length over thousands of comments and a name of a megabyte', async () => {
    const id = oldShare('ü'.repeat(1_000_000));
    const thread = emulator.addComment(BOB, id, `@${ANA}`);
    for (let n = 0; n < 2_000; n += 1) emulator.addReply(BOB, id, thread, `reply ${n}`);
    for (let n = 0; n < 1_000; n += 1) emulator.addComment(BOB, id, `@${ANA} ${'x'.repeat(200)}`);
    const { items } = await sync();
    expect(items).toMatchObject([{ id, followUps: 2_000 }]);
    expect(items[0]?.title.length).toBeLessThanOrEqual(300);
  });
});

describe('reading a drive', () => {
  it('finds documents by name and text, whatever is in the words', async () => {
    const id = emulator.addFile(ANA, { name: "Bob's \\ café", content: 'croissants' });
    emulator.addFile(ANA, { name: 'Other' });
    expect(await run('reads', 'files', {})).toMatchObject({ complete: true, files: [{}, {}] });
    expect(await run('reads', 'files', { q: "Bob's \\" })).toMatchObject({ files: [{ id, owner: ANA }] });
    expect(await run('reads', 'files', { q: 'croissant' })).toMatchObject({ files: [{ id }] });
    expect(await run('reads', 'file', { id })).toMatchObject({ name: "Bob's \\ café", trashed: false });
    await expect(run('reads', 'file', { id: 'none' })).rejects.toMatchObject({ failure: 'not_found' });
    expect(() => gdriveConnector.reads.file?.schema.parse({ id: '../about' })).toThrow();
  });

  it('gives the text of a document, a mebibyte at most and no half characters', async () => {
    const doc = emulator.addFile(ANA, { name: 'doc', content: 'Grüße' });
    const long = emulator.addFile(ANA, { name: 'long', mimeType: 'text/plain', content: `x${'ü'.repeat(600_000)}` });
    const json = emulator.addFile(ANA, { name: 'data', mimeType: 'application/json', content: '{"a":1}' });
    const image = emulator.addFile(ANA, { name: 'image', mimeType: 'image/png', content: 'x' });
    expect(await run('reads', 'content', { id: doc })).toMatchObject({ text: 'Grüße', truncated: false });
    expect(await run('reads', 'content', { id: json })).toMatchObject({ text: '{"a":1}' });
    const { text, truncated } = (await run('reads', 'content', { id: long })) as { text: string; truncated: boolean };
    expect([Buffer.byteLength(text), truncated, text.endsWith('ü')]).toEqual([1_048_575, true, true]);
    await expect(run('reads', 'content', { id: image })).rejects.toMatchObject({ failure: 'invalid' });
  });

  it('shows comments and replies', async () => {
    const id = oldShare();
    const comment = emulator.addComment(BOB, id, 'Why?');
    emulator.addReply(ANA, id, comment, 'So');
    expect(await run('reads', 'comments', { fileId: id })).toMatchObject({
      comments: [{ author: 'Bob', own: false, text: 'Why?', resolved: false, replies: [{ own: true, text: 'So' }] }],
    });
  });
});

describe('writing to a drive', () => {
  it('comments and shares, each once', async () => {
    const id = emulator.addFile(ANA, { name: 'doc' });
    expect(await run('writes', 'gdrive_comment', { fileId: id, text: 'Hello' })).toMatchObject({ fileId: id });
    expect(await run('writes', 'gdrive_share', { fileId: id, email: BOB, role: 'reader' })).toMatchObject({
      role: 'reader',
    });
    expect(emulator.written).toMatchObject([
      { by: ANA, operation: 'comments.create', detail: { content: 'Hello' } },
      { by: ANA, operation: 'permissions.create', detail: { emailAddress: BOB } },
    ]);
  });

  it('says so where the person may not', async () => {
    const id = emulator.addFile(BOB, { name: 'doc' });
    emulator.share(BOB, id, ANA, 'reader');
    await expect(run('writes', 'gdrive_comment', { fileId: id, text: 'x' })).rejects.toMatchObject({
      failure: 'forbidden',
    });
    await expect(run('writes', 'gdrive_share', { fileId: id, email: BOB, role: 'reader' })).rejects.toMatchObject({
      failure: 'forbidden',
    });
    expect(() =>
      gdriveConnector.writes.gdrive_share?.schema.parse({ fileId: id, email: BOB, role: 'owner' }),
    ).toThrow();
  });
});
