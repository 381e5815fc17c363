import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startGdriveEmulator, type GdriveEmulator } from './index.ts';

const ANA = 'ana@acme.test';
const BOB = 'bob@acme.test';
let now: number;
let emulator: GdriveEmulator;

beforeEach(async () => {
  now = Date.parse('2026-11-25T08:00:00Z');
  emulator = await startGdriveEmulator({ now: () => now });
  emulator.addToken('ana', ANA);
  emulator.addToken('bob', BOB);
});
afterEach(() => emulator.close());

interface Answer {
  readonly status: number;
  // The wire is what is tested: its shapes are looked at, not trusted.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

async function ask(path: string, init: RequestInit & { token?: string; json?: unknown } = {}): Promise<Answer> {
  const { token = 'ana', json, ...rest } = init;
  const headers = { authorization: `Bearer ${token}`, ...(rest.headers as Record<string, string>) };
  const body = json === undefined ? rest.body : JSON.stringify(json);
  const answer = await fetch(`${emulator.url}${path.startsWith('/upload') ? '' : '/drive/v3'}${path}`, {
    ...rest,
    headers,
    body,
  });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
  return { status: answer.status, body: isJson ? JSON.parse(text) : text };
}
const list = (q: string, more = '') => ask(`/files?fields=*&q=${encodeURIComponent(q)}${more}`);
const names = (answer: Answer) => (answer.body.files as { name: string }[]).map(({ name }) => name);

describe('the drive emulator', () => {
  it('refuses a token it does not know, and hides files that are not shared', async () => {
    const id = emulator.addFile(ANA, { name: 'Mine' });
    expect((await ask('/files', { token: 'stolen' })).status).toBe(401);
    expect((await ask(`/files/${id}`)).status).toBe(200);
    const hidden = await ask(`/files/${id}`, { token: 'bob' });
    expect(hidden).toMatchObject({
      status: 404,
      body: { error: { errors: [{ reason: 'notFound', location: 'fileId' }] } },
    });
  });

  it('tells of a file what is asked for, and without `fields` hardly anything', async () => {
    const id = emulator.addFile(ANA, { name: 'Plan', description: 'long' });
    expect(Object.keys((await ask(`/files/${id}`)).body as object).sort()).toEqual(['id', 'kind', 'mimeType', 'name']);
    const { body } = await ask(`/files/${id}?fields=id,owners(emailAddress),capabilities/canEdit`);
    expect(body).toEqual({ id, owners: [{ emailAddress: ANA }], capabilities: { canEdit: true } });
    expect((await ask(`/files/${id}?fields=id,(`)).status).toBe(400);
    expect((await ask('/about')).status).toBe(400);
    expect((await ask('/about?fields=user')).body.user.emailAddress).toBe(ANA);
  });

  it('searches as the vendor documents, and refuses what is no query', async () => {
    emulator.addFile(ANA, { name: 'Budget plan', content: 'numbers', parents: ['folder1'] });
    emulator.addFile(ANA, { name: "Bob's café", mimeType: 'text/plain', content: 'croissants' });
    now += 3_600_000;
    const shared = emulator.addFile(BOB, { name: 'Review me' });
    emulator.share(BOB, shared, ANA);
    expect(names(await list("name contains 'bud'"))).toEqual(['Budget plan']);
    expect(names(await list("name contains 'udget'"))).toEqual([]);
    expect(names(await list("name = 'Bob\\'s café' and mimeType = 'text/plain'"))).toEqual(["Bob's café"]);
    expect(names(await list("fullText contains 'croissant' or 'folder1' in parents", '&orderBy=name'))).toHaveLength(2);
    expect(names(await list('sharedWithMe'))).toEqual(['Review me']);
    expect(names(await list("not sharedWithMe = true and ('me' in owners)"))).toHaveLength(2);
    expect(names(await list("modifiedTime > '2026-11-25T08:30:00Z'"))).toEqual(['Review me']);
    expect(names(await list('trashed = true'))).toEqual([]);
    for (const q of [
      'name',
      "name like 'x'",
      "sharedWithMeTime > '2026-01-01'",
      "(name = 'x'",
      "name = 'x' 'y'",
      '§',
    ]) {
      expect((await list(q)).status).toBe(400);
    }
    expect((await list('trashed = false', '&orderBy=colour')).status).toBe(400);
  });

  it('pages through files', async () => {
    for (let n = 0; n < 5; n += 1) emulator.addFile(ANA, { name: `f${n}` });
    const first = await list('trashed = false', '&pageSize=3&orderBy=name');
    const second = await list('trashed = false', `&pageSize=3&orderBy=name&pageToken=${first.body.nextPageToken}`);
    expect([...names(first), ...names(second)]).toEqual(['f0', 'f1', 'f2', 'f3', 'f4']);
    expect(second.body.nextPageToken).toBeUndefined();
    expect((await list('trashed = false', '&pageToken=!!')).status).toBe(400);
  });

  it('tells what has changed, once a file, and what may no longer be seen', async () => {
    const kept = emulator.addFile(BOB, { name: 'kept' });
    const lost = emulator.addFile(BOB, { name: 'lost' });
    for (const id of [kept, lost]) emulator.share(BOB, id, ANA);
    const { startPageToken } = (await ask('/changes/startPageToken')).body as { startPageToken: string };
    emulator.updateFile(BOB, kept, { name: 'kept 2' });
    emulator.addComment(BOB, kept, 'see here');
    emulator.unshare(BOB, lost, ANA);
    const first = (await ask(`/changes?pageToken=${startPageToken}&pageSize=1&fields=*`)).body;
    expect(first).toMatchObject({ changes: [{ fileId: kept, removed: false, file: { name: 'kept 2' } }] });
    const second = (await ask(`/changes?pageToken=${first.nextPageToken}&fields=*`)).body;
    expect(second).toMatchObject({ changes: [{ fileId: lost, removed: true }] });
    expect((await ask(`/changes?pageToken=${second.newStartPageToken}`)).body.changes).toEqual([]);
    expect((await ask('/changes?pageToken=soon')).status).toBe(400);
    expect((await ask('/changes')).status).toBe(400);
    emulator.expirePageTokens(ANA);
    expect((await ask(`/changes?pageToken=${second.newStartPageToken}`)).status).toBe(404);
  });

  it('takes comments and replies, and says who wrote them but not their address', async () => {
    const id = emulator.addFile(BOB, { name: 'doc' });
    emulator.share(BOB, id, ANA);
    const path = `/files/${id}/comments`;
    expect((await ask(path)).status).toBe(400);
    const made = await ask(`${path}?fields=*`, { method: 'POST', json: { content: `Why, @${BOB}?` } });
    expect(made.body).toMatchObject({ author: { me: true, displayName: 'ana' }, mentionedEmailAddresses: [BOB] });
    expect(made.body.author.emailAddress).toBeUndefined();
    const replies = `${path}/${made.body.id}/replies?fields=*`;
    const reply = { method: 'POST', token: 'bob', json: { content: 'Because', action: 'resolve' } };
    expect((await ask(replies, reply)).body).toMatchObject({ content: 'Because', action: 'resolve' });
    expect((await ask(`${path}?fields=comments(resolved)`)).body).toEqual({ comments: [{ resolved: true }] });
    expect((await ask(replies, { method: 'POST', json: {} })).status).toBe(400);
    expect(emulator.written.map(({ operation }) => operation)).toEqual(['comments.create', 'replies.create']);
  });

  it('shares, but only by those who may', async () => {
    const id = emulator.addFile(BOB, { name: 'doc' });
    emulator.share(BOB, id, ANA, 'reader');
    const json = { type: 'user', role: 'writer', emailAddress: 'cid@acme.test' };
    expect((await ask(`/files/${id}/permissions`, { method: 'POST', json })).status).toBe(403);
    expect((await ask(`/files/${id}/permissions`, { method: 'POST', token: 'bob', json })).status).toBe(200);
    expect((await ask(`/files/${id}/comments?fields=*`, { method: 'POST', json: { content: 'x' } })).status).toBe(403);
    const odd = { ...json, role: 'king' };
    expect((await ask(`/files/${id}/permissions`, { method: 'POST', token: 'bob', json: odd })).status).toBe(400);
  });

  it('creates with metadata, with bytes, and with both; gives bytes back, and documents as text', async () => {
    const created = await ask('/files', { method: 'POST', json: { name: 'empty', mimeType: 'text/plain' } });
    const boundary = 'x1';
    const body = [
      `--${boundary}\r\ncontent-type: application/json\r\n\r\n{"name":"both"}\r\n`,
      `--${boundary}\r\ncontent-type: text/csv\r\n\r\na,b\r\n1,ü\r\n`,
      `--${boundary}--`,
    ].join('');
    const both = await ask('/upload/drive/v3/files?uploadType=multipart', {
      method: 'POST',
      headers: { 'content-type': `multipart/related; boundary=${boundary}` },
      body,
    });
    expect(both.body).toMatchObject({ name: 'both', mimeType: 'text/csv' });
    expect((await ask(`/files/${both.body.id}?alt=media`)).body).toBe('a,b\r\n1,ü');
    const patch = { method: 'PATCH', json: { name: 'full', trashed: true } };
    expect((await ask(`/files/${created.body.id}`, patch)).body).toMatchObject({ name: 'full' });
    const doc = emulator.addFile(ANA, { name: 'doc', content: 'Hello' });
    expect((await ask(`/files/${doc}/export?mimeType=text/plain`)).body).toBe('Hello');
    expect((await ask(`/files/${doc}?alt=media`)).status).toBe(403);
    expect((await ask(`/files/${both.body.id}/export?mimeType=text/plain`)).status).toBe(403);
    expect((await ask(`/files/${doc}`, { method: 'DELETE' })).status).toBe(204);
    expect((await ask(`/files/${doc}`)).status).toBe(404);
  });

  it('opens a channel for changes', async () => {
    const { startPageToken } = (await ask('/changes/startPageToken')).body as { startPageToken: string };
    const json = { id: 'c1', type: 'web_hook', address: 'http://127.0.0.1:9/' };
    const answer = await ask(`/changes/watch?pageToken=${startPageToken}`, { method: 'POST', json });
    expect(answer.body).toMatchObject({ kind: 'api#channel', id: 'c1' });
    const stop = { method: 'POST', json: { id: 'c1', resourceId: answer.body.resourceId } };
    expect((await ask('/channels/stop', stop)).status).toBe(204);
    expect((await ask('/channels/stop', stop)).status).toBe(404);
  });
});
