import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rateLimited, startJiraEmulator, type JiraEmulator } from '#libs/emulators/jira';
import { accessTo, collect, withToken } from '../../../test/harness/vendor-access.ts';
import { VendorError, type VendorAccess } from '../connector.ts';
import { jiraConnector } from './jira-connector.ts';
import { jqlTime } from './queries.ts';

const ANA = 'ana@acme.test';
const BO = 'bo@acme.test';
const START = Date.parse('2026-11-25T10:00:30Z');
const MINUTE = 60_000;

let now: number;
let jira: JiraEmulator;
let access: VendorAccess;

beforeEach(async () => {
  now = START;
  jira = await startJiraEmulator({ now: () => now });
  jira.addUser(ANA, { timeZone: 'America/New_York' });
  jira.addUser(BO);
  jira.addToken('t-ana', ANA);
  access = accessTo(jira.url, { now: () => now });
});
afterEach(() => jira.close());

const sync = (cursor: string | null, changes: Partial<VendorAccess> = {}) =>
  collect(jiraConnector.sync({ ...access, ...changes }, cursor));
const idsOf = (items: readonly { id: string }[]) => items.map(({ id }) => id);
const after = (ms: number) => (now += ms);

describe('a sync of Jira', () => {
  it('begins with all open issues assigned, watched or mentioning, and those closed lately', async () => {
    jira.addIssue('PLAT', { assignee: ANA, reporter: BO });
    jira.watch(jira.addIssue('PLAT').key, ANA);
    jira.comment(jira.addIssue('PLAT').key, BO, `@{${ANA}} what do you think?`);
    jira.addIssue('PLAT', { assignee: ANA, status: 'Done' });
    jira.addIssue('PLAT', { assignee: BO });
    const { items, full } = await sync(null);
    expect(full).toBe(true);
    expect(items.map(({ id, reasons, done }) => [id, ...reasons, done?.how])).toEqual([
      ['PLAT-1', 'assigned', undefined],
      ['PLAT-2', 'watched', undefined],
      ['PLAT-3', 'mentioned', undefined],
      ['PLAT-4', 'closed'],
    ]);
    expect(items[0]).toMatchObject({
      asker: BO,
      url: 'https://acme.atlassian.net/browse/PLAT-1',
      classification: 'internal',
    });
  });

  it('goes on with what has changed, once, though times in queries are only to the minute', async () => {
    const { key } = jira.addIssue('PLAT', { assignee: ANA });
    jira.addIssue('PLAT', { assignee: ANA });
    let { cursor } = await sync(null);
    after(5_000);
    jira.updateIssue(key, { summary: 'First' });
    const first = await sync(cursor);
    expect(idsOf(first.items)).toEqual([key]);
    after(5_000);
    jira.updateIssue(key, { summary: 'Second' });
    const second = await sync(first.cursor);
    expect(second.items.map(({ title }) => title)).toEqual(['Second']);
    for (cursor = second.cursor; now < START + 30 * MINUTE; after(4 * MINUTE)) {
      const next = await sync(cursor);
      expect([next.items, next.gone, next.full]).toEqual([[], [], false]);
      cursor = next.cursor;
    }
  });

  it('finds what an index shows late', async () => {
    const late = jira.addIssue('PLAT', { assignee: ANA });
    const { cursor } = await sync(null);
    after(20 * MINUTE);
    const newer = jira.addIssue('PLAT', { assignee: ANA });
    const before = await sync(cursor);
    expect(idsOf(before.items)).toEqual([newer.key]);
    late.updated = now - 3 * MINUTE;
    after(MINUTE);
    expect(idsOf((await sync(before.cursor)).items)).toEqual([late.key]);
  });

  it('misses nothing and repeats nothing over many changes in one minute', async () => {
    for (let at = 0; at < 150; at += 1) jira.addIssue('PLAT', { assignee: ANA });
    let { cursor } = await sync(null);
    after(30 * MINUTE);
    const seen: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      for (let at = 1; at <= 20; at += 1) jira.updateIssue(`PLAT-${round * 20 + at}`, { summary: `Round ${round}` });
      after(7_000);
      const next = await sync(cursor);
      seen.push(...idsOf(next.items));
      cursor = next.cursor;
    }
    expect(seen).toHaveLength(120);
    expect(new Set(seen).size).toBe(120);
  });

  it('says that an issue is done', async () => {
    const { key } = jira.addIssue('PLAT', { assignee: ANA });
    const { cursor } = await sync(null);
    after(MINUTE);
    jira.updateIssue(key, { status: 'Done' });
    const { items, gone } = await sync(cursor);
    expect(items).toMatchObject([{ id: key, done: { how: 'closed', at: new Date(now).toISOString() } }]);
    expect(gone).toEqual([]);
  });

  it('lets go of an issue that is given to somebody else', async () => {
    const { key } = jira.addIssue('PLAT', { assignee: ANA });
    const { cursor } = await sync(null);
    after(MINUTE);
    jira.updateIssue(key, { assignee: BO });
    expect((await sync(cursor)).gone).toEqual([key]);
  });

  it('notices within minutes what changes no time: deleted, moved, unwatched, watched, hidden', async () => {
    const add = () => jira.addIssue('PLAT', { assignee: ANA }).key;
    const [deleted, moved] = [add(), add()];
    const unwatched = jira.addIssue('PLAT').key;
    jira.watch(unwatched, ANA);
    const watched = jira.addIssue('PLAT').key;
    const hidden = jira.addIssue('SEC', { assignee: ANA }).key;
    const { cursor } = await sync(null);
    after(11 * MINUTE);
    jira.deleteIssue(deleted);
    jira.watch(unwatched, ANA, false);
    jira.watch(watched, ANA);
    jira.closeProject('SEC', [BO]);
    const to = jira.moveIssue(moved, 'OPS');
    const { items, gone } = await sync(cursor);
    expect([...gone].sort()).toEqual([deleted, moved, unwatched, hidden].sort());
    expect(idsOf(items).sort()).toEqual([to, watched].sort());
  });

  it('is full once a day, and whenever the cursor is of other settings or no cursor at all', async () => {
    jira.addIssue('PLAT', { assignee: ANA });
    jira.addIssue('OPS', { assignee: ANA });
    const { cursor } = await sync(null);
    expect((await sync(cursor, { config: { projects: ['OPS'] } })).items.map(({ id }) => id)).toEqual(['OPS-1']);
    for (const odd of ['', '{', 'null', '{"v":0}', '💥']) expect((await sync(odd)).full).toBe(true);
    after(24 * 60 * MINUTE);
    expect((await sync(cursor)).full).toBe(true);
  });

  it('goes on with a full sync that was interrupted', async () => {
    for (let at = 0; at < 250; at += 1) jira.addIssue('PLAT', { assignee: ANA });
    const pages = jiraConnector.sync(access, null)[Symbol.asyncIterator]();
    const { value: first } = await pages.next();
    await pages.return?.();
    expect(first.last).toBe(false);
    const rest = await sync(first.cursor);
    expect(rest.pages.map(({ full }) => full)).toEqual([true, true]);
    expect([first, ...rest.pages].map((page) => page.first)).toEqual([true, false, false]);
    const lost = JSON.stringify({ ...(JSON.parse(first.cursor) as object), page: 'forged' });
    const restarted = await sync(lost);
    expect([restarted.pages[0]!.first, restarted.items.length]).toEqual([true, 250]);
    expect(new Set([...first.items, ...rest.items].map(({ id }) => id)).size).toBe(250);
  });

  it('keeps its cursor small with more issues than it can name', async () => {
    for (let at = 0; at < 600; at += 1) jira.addIssue('PLATFORMENGINEERING', { assignee: ANA });
    const { items, cursor } = await sync(null);
    expect(items).toHaveLength(600);
    after(MINUTE);
    jira.updateIssue('PLATFORMENGINEERING-7', { summary: 'x' });
    expect(idsOf((await sync(cursor)).items)).toContain('PLATFORMENGINEERING-7');
  });

  it('reads the newest comments of a long thread, and what is attached', async () => {
    const { key } = jira.addIssue('PLAT', { assignee: ANA });
    for (let at = 0; at < 10_000; at += 1) jira.comment(key, at % 2 ? ANA : BO, 'ok');
    after(1);
    jira.comment(key, BO, 'Any news?');
    jira.addRemoteLink(key, 'https://docs.google.com/document/d/abc123/edit#heading');
    const [item] = (await sync(null)).items;
    expect(item!.followUps).toBe(1);
    expect(item!.references).toContainEqual({ to: 'url:https://drive.google.com/file/d/abc123', explicit: true });
  });

  it('speaks for a person through a service account, found by address', async () => {
    jira.addToken('t-bot', 'bot@acme.test');
    const { key } = jira.addIssue('PLAT', { assignee: ANA });
    const watched = jira.addIssue('PLAT').key;
    jira.watch(watched, ANA);
    jira.watch(jira.addIssue('PLAT').key, 'bot@acme.test');
    const bot = { fetch: withToken('t-bot') };
    expect(idsOf((await sync(null, bot)).items)).toEqual([key, watched]);
    const stranger = { ...access.account, email: 'nobody@acme.test' };
    await expect(sync(null, { ...bot, account: stranger })).rejects.toMatchObject({ failure: 'not_found' });
    const config = { accountId: jira.accountId(BO) };
    expect((await sync(null, { ...bot, config })).items).toEqual([]);
  });

  it('finds SLAs where service management is there', async () => {
    const cycle = { startTime: { epochMillis: now }, breachTime: { epochMillis: now + 3_600_000 } };
    jira.addIssue('HELP', { assignee: ANA, extra: { customfield_10030: { ongoingCycle: cycle } } });
    expect((await sync(null)).items[0]!.sla).toEqual({
      from: new Date(now).toISOString(),
      until: new Date(now + 3_600_000).toISOString(),
    });
  });

  it('survives odd issues', async () => {
    jira.addIssue('PLAT', {
      assignee: ANA,
      extra: { summary: null, description: 'text', comment: null, watches: 7, created: 'x', updated: null },
    });
    jira.addIssue('PLAT', { assignee: ANA, summary: '漢字 \u202e\u0000 ' + 'ü'.repeat(1_000_000) });
    const { items } = await sync(null);
    expect(items.map(({ title }) => title.length <= 300)).toEqual([true, true]);
  });
});

describe('a fault of Jira', () => {
  const failing = async () => {
    try {
      await sync(null);
    } catch (error) {
      expect(error).toBeInstanceOf(VendorError);
      return error as VendorError;
    }
    throw new Error('it has worked');
  };

  it('has words for a person', async () => {
    jira.faults = () => rateLimited(7);
    expect(await failing()).toMatchObject({ failure: 'rate_limited', retryAt: now + 7_000 });
    for (const [status, failure] of [
      [403, 'forbidden'],
      [404, 'not_found'],
      [500, 'unavailable'],
      [503, 'unavailable'],
      [504, 'timeout'],
    ] as const) {
      jira.faults = () => ({ kind: 'status', status, body: { errorMessages: ['no'], errors: {} } });
      expect(await failing()).toMatchObject({ failure, message: expect.stringMatching(/^jira: /) });
    }
    jira.faults = () => undefined;
    jira.revokeToken('t-ana');
    expect((await failing()).failure).toBe('unauthorised');
  });

  it('is seen where the answer is cut off, no JSON, or never comes', async () => {
    jira.faults = () => ({ kind: 'truncate' });
    expect((await failing()).failure).toBe('garbled');
    jira.faults = () => ({ kind: 'garbage' });
    expect((await failing()).failure).toBe('garbled');
    jira.faults = () => ({ kind: 'reset' });
    expect((await failing()).failure).toBe('unavailable');
  });

  it('of the pipeline comes through unchanged', async () => {
    const error = new VendorError('overloaded', 'too many wait', 5);
    await expect(sync(null, { fetch: () => Promise.reject(error) })).rejects.toBe(error);
  });
});

describe('reading and writing in Jira', () => {
  const run = (operation: string, input: unknown) => {
    const found = jiraConnector.reads[operation] ?? jiraConnector.writes[operation];
    return found!.run(access, found!.schema.parse(input)) as Promise<Record<string, unknown>>;
  };

  it('lists and shows issues', async () => {
    const { key } = jira.addIssue('PLAT', {
      assignee: ANA,
      summary: 'Say "hello" \\ wave',
      description: jira.body('First line'),
    });
    jira.comment(key, BO, 'A word');
    expect(await run('issues', {})).toMatchObject({ issues: [{ key, assignee: { email: ANA } }] });
    expect(await run('issues', { q: '"hello" \\' })).toMatchObject({ issues: [{ key }] });
    expect(await run('issues', { jql: 'project = OPS' })).toEqual({ issues: [] });
    expect(await run('issue', { key })).toMatchObject({
      description: 'First line',
      comments: [{ text: 'A word', author: { email: BO } }],
    });
    await expect(run('issues', { jql: 'nonsense = 1' })).rejects.toMatchObject({
      failure: 'invalid',
      message: expect.stringContaining('nonsense'),
    });
    await expect(run('issue', { key: 'PLAT-99' })).rejects.toMatchObject({ failure: 'not_found' });
  });

  it('takes no path for a key', () => {
    for (const key of ['../myself', 'PLAT-1/comment', 'PLAT-1?x', '', 'PLAT'])
      expect(jiraConnector.reads['issue']!.schema.safeParse({ key }).success).toBe(false);
  });

  it('comments once, however often the request comes', async () => {
    const { key } = jira.addIssue('PLAT');
    const first = await run('jira_comment', { key, text: 'Hello\n\nworld', idempotencyId: 'r1' });
    const again = await run('jira_comment', { key, text: 'Hello\n\nworld', idempotencyId: 'r1' });
    expect([again['id'], again['repeated']]).toEqual([first['id'], true]);
    await run('jira_comment', { key, text: 'Hello\n\nworld', idempotencyId: 'r2' });
    expect(jira.written.map(({ operation }) => operation)).toEqual(['issue.comment', 'issue.comment']);
  });

  it('comments once though the answer to the first try was lost', async () => {
    const { key } = jira.addIssue('PLAT');
    jira.faults = ({ method, path }) =>
      method === 'POST' && path.endsWith('/comment') ? { kind: 'truncate' } : undefined;
    await expect(run('jira_comment', { key, text: 'Hi', idempotencyId: 'r1' })).rejects.toBeInstanceOf(VendorError);
    jira.faults = () => undefined;
    expect(await run('jira_comment', { key, text: 'Hi', idempotencyId: 'r1' })).toMatchObject({ repeated: true });
    expect(jira.written).toHaveLength(1);
  });

  it('moves an issue by the name of a status, and says which there are', async () => {
    const { key } = jira.addIssue('PLAT');
    expect(await run('jira_transition', { key, to: 'in progress' })).toMatchObject({
      status: 'In Progress',
      repeated: false,
    });
    expect(await run('jira_transition', { key, to: 'In Progress' })).toMatchObject({ repeated: true });
    await expect(run('jira_transition', { key, to: 'Elsewhere' })).rejects.toMatchObject({
      failure: 'invalid',
      message: expect.stringContaining('In Review'),
    });
    expect(jira.written).toHaveLength(1);
  });

  it('creates an issue once', async () => {
    const input = { project: 'PLAT', summary: 'New', description: 'Why', idempotencyId: 'r1' };
    const { key } = await run('jira_create_issue', input);
    expect(await run('jira_create_issue', input)).toEqual({ key, repeated: true });
    expect(jira.written).toHaveLength(1);
  });
});

describe('a time in a query', () => {
  it('is in the zone of whoever asks, and the earlier of two in an autumn night', () => {
    expect(jqlTime(Date.parse('2026-11-25T10:00:30Z'), 'America/New_York')).toBe('2026-11-25 05:00');
    expect(jqlTime(Date.parse('2026-10-25T00:30:00Z'), 'Europe/Berlin')).toBe('2026-10-25 02:30');
    expect(jqlTime(Date.parse('2026-10-25T01:30:00Z'), 'Europe/Berlin')).toBe('2026-10-25 01:30');
    expect(jqlTime(Date.parse('2026-11-25T10:00:30Z'), 'Mars/Base')).toBe('2026-11-24 20:00');
  });
});
