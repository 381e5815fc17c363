import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { primaryLimit, secondaryLimit, startGithubEmulator, type GithubEmulator } from '#libs/emulators/github';
import { accessTo, collect, withToken } from '../../../test/harness/vendor-access.ts';
import { VendorError, type SyncPage, type VendorAccess } from '../connector.ts';
import { githubConnector } from './github-connector.ts';

const REPO = 'acme/gateway';
const START = Date.parse('2026-11-25T10:00:30Z');
const MINUTE = 60_000;

let now: number;
let github: GithubEmulator;
let access: VendorAccess;

beforeEach(async () => {
  now = START;
  github = await startGithubEmulator({ now: () => now });
  github.addUser('ana@acme.test', { login: 'ana' });
  github.addUser('bo@acme.test', { login: 'bo', publicEmail: 'bo@acme.test' });
  github.addToken('t-ana', 'ana@acme.test');
  github.addRepository(REPO, { private: true });
  access = accessTo(github.url, { now: () => now });
});
afterEach(() => github.close());

const sync = (cursor: string | null, changes: Partial<VendorAccess> = {}) =>
  collect(githubConnector.sync({ ...access, ...changes }, cursor));
const idsOf = (items: readonly { id: string }[]) => items.map(({ id }) => id).sort();
const after = (ms: number) => (now += ms);
const asking = (more = {}) => github.openPull(REPO, { author: 'bo', requested: ['ana'], ...more });

describe('a sync of GitHub', () => {
  it('begins with requests, assigned issues, own pull requests and mentions', async () => {
    asking({ title: 'PLAT-12 rotate keys', branch: 'plat-12' });
    github.openIssue(REPO, {
      author: 'bo',
      assignees: ['ana'],
      milestone: { title: 'M1', dueOn: '2026-11-30T08:00:00Z' },
    });
    const own = github.openPull(REPO, { author: 'ana' });
    github.state.review(own, 'bo', 'CHANGES_REQUESTED', 'No');
    github.openIssue(REPO, { author: 'bo', body: 'cc @ana' });
    github.openIssue(REPO, { author: 'bo' });
    const { items, full } = await sync(null);
    expect(full).toBe(true);
    expect(Object.fromEntries(items.map((one) => [one.id, one.reasons]))).toEqual({
      'acme/gateway#1': ['review_requested'],
      'acme/gateway#2': ['assigned'],
      'acme/gateway#3': ['changes_requested'],
      'acme/gateway#4': ['mentioned'],
    });
    const request = items.find(({ id }) => id === 'acme/gateway#1')!;
    expect(request).toMatchObject({
      asker: 'bo@acme.test',
      classification: 'internal',
      url: 'https://github.com/acme/gateway/pull/1',
    });
    expect(request.references).toContainEqual({ to: 'key:PLAT-12', explicit: true });
  });

  it('costs one request that counts for nothing where nothing has happened', async () => {
    asking();
    let { cursor } = await sync(null);
    after(20_000);
    cursor = (await sync(cursor)).cursor;
    const before = new Map(github.answered);
    const { items, gone } = await sync(cursor);
    expect([items, gone]).toEqual([[], []]);
    expect(github.answered.get(304)).toBe((before.get(304) ?? 0) + 1);
    expect(github.answered.get(200)).toBe(before.get(200));
  });

  it('begins anew where a full sync was interrupted, and says so', async () => {
    for (let at = 0; at < 60; at += 1) asking();
    const pages = githubConnector.sync(access, null)[Symbol.asyncIterator]();
    const { value: cut } = (await pages.next()) as { value: SyncPage };
    await pages.return?.();
    expect([cut.first, cut.last]).toEqual([true, false]);
    const again = await sync(cut.cursor);
    expect([again.items.length, ...again.pages.map(({ first }) => first)]).toEqual([60, true, false]);
  });

  it('goes on with what has changed, once', async () => {
    const first = asking();
    asking();
    after(3_000);
    let { cursor } = await sync(null);
    after(MINUTE);
    github.state.comment(first, 'bo', 'ping @ana');
    after(5_000);
    const next = await sync(cursor);
    expect(next.items.map(({ id, followUps }) => [id, followUps])).toEqual([['acme/gateway#1', 1]]);
    for (cursor = next.cursor; now < START + 30 * MINUTE; after(3 * MINUTE)) {
      const quiet = await sync(cursor);
      expect([quiet.items, quiet.gone]).toEqual([[], []]);
      cursor = quiet.cursor;
    }
  });

  it('tells an answered review from one that was taken back, closed, merged or deleted', async () => {
    const [answered, takenBack, closed, merged, deleted] = [asking(), asking(), asking(), asking(), asking()];
    const unassigned = github.openIssue(REPO, { author: 'bo', assignees: ['ana'] });
    const { cursor } = await sync(null);
    after(6 * MINUTE);
    github.state.review(answered, 'ana', 'APPROVED');
    github.state.unrequest(takenBack, 'ana', 'bo');
    github.state.close(closed, 'bo');
    github.state.close(merged, 'bo', true);
    github.state.remove(deleted);
    github.state.unassign(unassigned, 'ana', 'bo');
    const { items, gone } = await sync(cursor);
    expect(Object.fromEntries(items.map(({ id, done }) => [id, done?.how]))).toEqual({
      'acme/gateway#1': 'answered',
      'acme/gateway#3': 'closed',
      'acme/gateway#4': 'merged',
    });
    expect([...gone].sort()).toEqual(['acme/gateway#2', 'acme/gateway#5', 'acme/gateway#6']);
  });

  it.each(['manual', 'follow'] as const)(
    'lets go of what has moved or is no longer shared (redirects: %s)',
    async (redirect) => {
      const fetch: typeof globalThis.fetch = (input, init) => access.fetch(input, { ...init, redirect });
      asking();
      github.openPull('acme/other', { author: 'bo', requested: ['ana'] });
      const { cursor } = await sync(null);
      after(6 * MINUTE);
      github.state.transfer(REPO, 'acme/portal');
      Object.assign(github.state.repository('acme/other')!, { isPrivate: true }).members.add('bo');
      const { items, gone } = await sync(cursor, { fetch });
      expect([...gone].sort()).toEqual(['acme/gateway#1', 'acme/other#1']);
      expect(idsOf(items)).toEqual(['acme/portal#1']);
    },
  );

  it('does without notifications where the token may not read them', async () => {
    const pull = asking();
    github.faults = ({ path }) =>
      path === '/notifications'
        ? { kind: 'status', status: 403, body: { message: 'Resource not accessible by personal access token' } }
        : undefined;
    const { cursor } = await sync(null);
    after(10_000);
    github.state.close(pull, 'bo');
    expect((await sync(cursor)).items).toMatchObject([{ done: { how: 'closed' } }]);
  });

  it('is full once a day and for a cursor that it does not know, and again after an interruption', async () => {
    for (let at = 0; at < 120; at += 1) asking();
    for (const odd of ['', '{', 'null', '{"v":1}']) expect((await sync(odd)).full).toBe(true);
    const pages = githubConnector.sync(access, null)[Symbol.asyncIterator]();
    const { value: first } = await pages.next();
    await pages.return?.();
    const { items, cursor, full } = await sync(first.cursor);
    expect([full, items.length]).toEqual([true, 120]);
    after(24 * 60 * MINUTE);
    expect((await sync(cursor)).full).toBe(true);
  });

  it('reads the beginning and the end of a very long thread', async () => {
    const pull = asking();
    for (let at = 0; at < 10_000; at += 1) github.state.comment(pull, 'bo', 'ok');
    github.state.comment(pull, 'bo', '@ana are you there?');
    const asked: string[] = [];
    github.faults = ({ path }) => void asked.push(path) as undefined;
    expect((await sync(null)).items[0]!.followUps).toBe(1);
    expect(asked.filter((path) => path.endsWith('/timeline'))).toHaveLength(3);
  });

  it('finds the person by login or public address where the token is a bot’s', async () => {
    github.addUser('bot@acme.test', { login: 'helper', type: 'Bot' });
    github.addToken('t-bot', 'bot@acme.test');
    github.openIssue(REPO, { author: 'ana', assignees: ['bo'] });
    const fetch = withToken('t-bot');
    const account = { ...access.account, email: 'bo@acme.test' };
    expect((await sync(null, { fetch, account })).items).toHaveLength(1);
    await expect(sync(null, { fetch })).rejects.toMatchObject({ failure: 'not_found' });
    expect((await sync(null, { fetch, config: { login: 'bo' } })).items).toHaveLength(1);
  });

  it('survives odd answers', async () => {
    asking({
      title: '漢字 \u202e\u0000' + 'ü'.repeat(1_000_000),
      extra: { body: 7, created_at: null, updated_at: 'x' },
    });
    asking({ extra: { number: null } });
    const { items } = await sync(null);
    expect(items).toHaveLength(1);
    expect(items[0]!.title.length).toBeLessThanOrEqual(300);
  });
});

describe('a fault of GitHub', () => {
  const failing = () =>
    sync(null).then(
      () => Promise.reject(new Error('it has worked')),
      (error: VendorError) => error,
    );

  it('has words for a person and says when to come back', async () => {
    asking();
    github.faults = () => secondaryLimit(9);
    expect(await failing()).toMatchObject({ failure: 'rate_limited', retryAt: now + 9_000 });
    github.faults = () => secondaryLimit();
    expect(await failing()).toMatchObject({ failure: 'rate_limited', retryAt: now + 60_000 });
    github.faults = () => primaryLimit(now + 90_000);
    expect(await failing()).toMatchObject({
      failure: 'rate_limited',
      retryAt: Math.ceil((now + 90_000) / 1000) * 1000,
    });
    for (const [status, failure] of [
      [500, 'unavailable'],
      [502, 'unavailable'],
      [504, 'timeout'],
    ] as const) {
      github.faults = () => ({ kind: 'status', status, body: { message: 'no' } });
      expect(await failing()).toMatchObject({ failure, message: expect.stringMatching(/^github: /) });
    }
    github.faults = () => undefined;
    github.revokeToken('t-ana');
    expect((await failing()).failure).toBe('unauthorised');
  });

  it('is seen where the answer is cut off, no JSON, or never comes', async () => {
    for (const [kind, failure] of [
      ['truncate', 'garbled'],
      ['garbage', 'garbled'],
      ['reset', 'unavailable'],
    ] as const) {
      github.faults = () => ({ kind });
      expect((await failing()).failure).toBe(failure);
    }
  });

  it('of the pipeline comes through unchanged', async () => {
    const error = new VendorError('overloaded', 'too many wait', 5);
    await expect(sync(null, { fetch: () => Promise.reject(error) })).rejects.toBe(error);
  });
});

describe('reading and writing in GitHub', () => {
  const run = (operation: string, input: unknown) => {
    const found = githubConnector.reads[operation] ?? githubConnector.writes[operation];
    return found!.run(access, found!.schema.parse(input)) as Promise<Record<string, unknown>>;
  };

  it('lists, searches and shows', async () => {
    const pull = asking({ title: 'Rotate', body: 'All of them' });
    github.state.comment(pull, 'bo', 'A word');
    github.openIssue(REPO, { author: 'bo', title: 'Broken', assignees: ['ana'] });
    expect(await run('pulls', {})).toMatchObject({ total: 1, results: [{ repo: REPO, number: 1, isPull: true }] });
    expect(await run('issues', {})).toMatchObject({ total: 1, results: [{ number: 2, isPull: false }] });
    expect(await run('search', { q: 'rotate is:pr' })).toMatchObject({ results: [{ title: 'Rotate' }] });
    expect(await run('pull', { repo: REPO, number: 1 })).toMatchObject({
      body: 'All of them',
      reviewers: ['ana'],
      comments: [{ by: 'bo', text: 'A word' }],
    });
    expect(await run('issue', { repo: REPO, number: '2' })).toMatchObject({ title: 'Broken', comments: [] });
    await expect(run('search', { q: 'author:nobody-at-all' })).rejects.toMatchObject({ failure: 'invalid' });
    await expect(run('issue', { repo: REPO, number: 99 })).rejects.toMatchObject({ failure: 'not_found' });
    for (const repo of ['../..', 'acme', 'acme/gateway/x', 'acme/..'])
      expect(githubConnector.reads['issue']!.schema.safeParse({ repo, number: 1 }).success).toBe(false);
  });

  it('comments once, also where the answer to the first try was lost', async () => {
    asking();
    const input = { repo: REPO, number: 1, text: 'Looks good --> really', idempotencyId: '--> r1' };
    github.faults = ({ method }) => (method === 'POST' ? { kind: 'truncate' } : undefined);
    await expect(run('github_comment', input)).rejects.toBeInstanceOf(VendorError);
    github.faults = () => undefined;
    expect(await run('github_comment', input)).toMatchObject({ repeated: true });
    expect(await run('github_comment', { ...input, idempotencyId: 'r2' })).toMatchObject({ repeated: false });
    expect(github.written.map(({ operation }) => operation)).toEqual(['issue.comment', 'issue.comment']);
  });
});
