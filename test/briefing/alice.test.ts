import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seedWorld } from '#libs/emulators/demo';
import type { Briefing } from '../../src/briefing/briefing.ts';
import { startWorldGateway, type WorldGateway } from './support.ts';

const ALICE = 'alice@acme.test';
let stage: WorldGateway;
let briefing: Briefing;

const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>, who = ALICE) =>
  stage.gateway.call(who, method, `/api/v1${path}`, body, headers);
const make = async (body: object = {}): Promise<Briefing> => (await call('POST', '/briefings', body)).body;
const titled = (words: string, from = briefing) => from.tasks.find(({ title }) => title.includes(words))!;
const systems = (words: string) =>
  titled(words)
    .sources.map(({ system }) => system)
    .sort();

beforeAll(async () => {
  stage = await startWorldGateway({ BRIEFING_REFRESH_MS: '60000' });
  seedWorld(stage.world, Date.now());
  await stage.connect(ALICE);
  await stage.connect('bob@acme.test', ['gmail']);
  briefing = await make();
}, 120_000);
afterAll(() => stage?.stop());

describe('the first briefing of Alice', () => {
  test('makes one task of a change, its issue, the thread that asks for it and the design', () => {
    expect(systems('Retry webhook deliveries')).toEqual(['gdrive', 'github', 'gmail', 'jira']);
  });

  test('makes one task of each piece of work that two systems tell', () => {
    expect(systems('Rotate the signing keys')).toEqual(['github', 'jira']);
    expect(systems('Nordwind cannot sign in')).toEqual(['gmail', 'jira']);
  });

  test('keeps look-alikes apart', () => {
    for (const words of ['Bump undici', 'Bump pino', 'Weekly report 47', 'Weekly report 48', 'UTF-8'])
      expect(titled(words).sources).toHaveLength(1);
  });

  test('leaves out what is done, newsletters, and mail from machines', () => {
    const titles = briefing.tasks.map(({ title }) => title).join('\n');
    for (const words of ['Partition the audit table', 'Count audit entries', 'on call', 'service meshes', 'approved'])
      expect(titles).not.toContain(words);
  });

  test('gives each score in parts that add up to it, the highest first, with reasons', () => {
    for (const { score, scoreParts, reasons } of briefing.tasks) {
      expect(Object.values(scoreParts).reduce((sum, part) => sum + part, 0)).toBe(score);
      expect(reasons.length).toBeGreaterThan(0);
    }
    const scores = briefing.tasks.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(titled('Rotate the signing keys')).toMatchObject({ scoreParts: { deadline: 30 } });
    expect(titled('Rotate the signing keys').reasons).toContain('changes are asked for');
    expect(titled('Nordwind cannot sign in').scoreParts.sla).toBeGreaterThan(0);
  });

  test('sets aside time that touches no meeting, no other block and nothing outside working hours', () => {
    const busy = briefing.meetings.filter(({ allDay }) => !allDay);
    expect(busy.length).toBeGreaterThan(0);
    expect(briefing.meetings.map(({ title }) => title)).not.toContain('All hands in Legal');
    expect(briefing.timeBlocks.length).toBeGreaterThan(0);
    const spans = [...busy, ...briefing.timeBlocks].map(
      ({ start, end }) => [Date.parse(start), Date.parse(end)] as const,
    );
    for (const block of briefing.timeBlocks) {
      const [start, end] = [Date.parse(block.start), Date.parse(block.end)];
      expect(spans.filter(([from, until]) => start < until && end > from)).toHaveLength(1);
      expect(block.start.slice(11, 16) >= '09:00' && block.end.slice(11, 16) <= '17:30').toBe(true);
      expect(briefing.tasks.map(({ id }) => id)).toContain(block.taskId);
    }
  });

  test('says that each system was read', () => {
    expect(briefing.connectorStatus.map(({ connector, state }) => [connector, state])).toEqual(
      ['gcal', 'gdrive', 'github', 'gmail', 'jira'].map((connector) => [connector, 'ok']),
    );
  });

  test('is recorded: the decisions, and what was looked at', async () => {
    const { body } = await call('GET', '/audit?actionType=data_access&limit=20', undefined, {}, 'admin@acme.test');
    const entry = body.items.find(
      (one: { actionDetail: { briefingId?: string } }) => one.actionDetail.briefingId === briefing.id,
    );
    expect(entry).toMatchObject({ userId: 'alice', actor: 'user:alice' });
    expect(entry.dataAccessed.map(({ source }: { source: string }) => source).sort()).toEqual([
      'gcal',
      'gdrive',
      'github',
      'gmail',
      'jira',
    ]);
  });
});

describe('briefings that were made', () => {
  test('are found again, in each rendering, by their own person only', async () => {
    expect((await call('GET', `/briefings/${briefing.id}`)).body).toEqual(briefing);
    expect((await call('GET', '/briefings/latest')).body.id).toBe(briefing.id);
    expect((await call('GET', '/briefings')).body.items.map(({ id }: Briefing) => id)).toContain(briefing.id);
    const text = await call('GET', `/briefings/${briefing.id}?format=text`);
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const markdown = await call('GET', `/briefings/${briefing.id}`, undefined, { accept: 'text/markdown' });
    expect(markdown.headers.get('content-type')).toContain('text/markdown');
    for (const other of ['bob@acme.test', 'admin@acme.test', 'eve@globex.test'])
      expect((await call('GET', `/briefings/${briefing.id}`, undefined, {}, other)).status).toBe(404);
  });

  test('keep the ids of tasks from one to the next', async () => {
    expect((await make()).tasks.map(({ id }) => id)).toEqual(briefing.tasks.map(({ id }) => id));
  });

  test('leave out what the filters say', async () => {
    expect((await make({ minScore: 30 })).tasks.every(({ score }) => score >= 30)).toBe(true);
    const ofJira = await make({ sources: ['jira'] });
    expect(ofJira.tasks.length).toBeGreaterThan(0);
    expect(ofJira.tasks.every(({ sources }) => sources.some(({ system }) => system === 'jira'))).toBe(true);
    expect((await make({ blocking: true })).tasks.every(({ scoreParts }) => scoreParts.blocking > 0)).toBe(true);
  });

  test.each([
    [{ minScore: 101 }, 'minScore'],
    [{ minScore: 'high' }, 'minScore'],
    [{ sources: ['slack'] }, 'sources.0'],
    [{ sources: [] }, 'sources'],
    [{ blocking: 'yes' }, 'blocking'],
    [{ score: 3 }, 'score'],
  ])('%j is refused and names the field', async (body, path) => {
    const answer = await call('POST', '/briefings', body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body.errors)).toContain(path);
  });
});

describe('the word of the person', () => {
  test('a task that is done by their word is in no briefing, and comes back when they say so', async () => {
    const { id } = titled('Lunch on Thursday');
    expect((await call('PATCH', `/tasks/${id}`, { status: 'completed' })).body.status).toBe('completed');
    expect(titled('Lunch on Thursday', await make())).toBeUndefined();
    await call('PATCH', `/tasks/${id}`, { status: 'active' });
    expect(titled('Lunch on Thursday', await make()).id).toBe(id);
  });

  test('a split sticks, also when everything is worked out anew, and a merge takes it back', async () => {
    const { id } = titled('Rotate the signing keys');
    const pull = (await call('GET', `/tasks/${id}`)).body.workItemIds.find((key: string) => key.startsWith('github:'));
    const { task, split } = (await call('POST', `/tasks/${id}/split`, { workItemIds: [pull] })).body;
    expect(split.workItemIds).toEqual([pull]);
    stage.world.jira.comment('PLAT-1', 'tomas@acme.test', 'Any news?');
    const after = await make();
    expect(after.tasks.map((one) => one.id)).toEqual(expect.arrayContaining([task.id, split.id]));
    const merged = (await call('POST', `/tasks/${task.id}/merge`, { taskId: split.id })).body;
    expect(merged.workItemIds).toHaveLength(2);
    expect((await make()).tasks.find((one) => one.id === merged.id)!.sources).toHaveLength(2);
  });

  test('what cannot be said is refused in words', async () => {
    const { id } = titled('Lunch on Thursday');
    expect((await call('POST', `/tasks/${id}/split`, { workItemIds: ['jira:NO-1'] })).body.errors[0].message).toContain(
      'is no item of this task',
    );
    const own = (await call('GET', `/tasks/${id}`)).body.workItemIds;
    expect((await call('POST', `/tasks/${id}/split`, { workItemIds: own })).status).toBe(400);
    expect((await call('POST', `/tasks/${id}/merge`, { taskId: id })).status).toBe(400);
    expect((await call('PATCH', `/tasks/${id}`, { status: 'purged' })).status).toBe(400);
    expect((await call('GET', '/tasks?cursor=%20')).status).toBe(400);
  });

  test('tasks are listed page by page, best first, each once', async () => {
    const seen: { id: string; score: number }[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await call('GET', `/tasks?limit=4${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(...body.items);
      cursor = body.nextCursor;
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    expect(seen.map(({ score }) => score)).toEqual([...seen.map(({ score }) => score)].sort((a, b) => b - a));
  });
});

test('what is done in the systems is done in the next briefing', async () => {
  stage.world.jira.updateIssue('SUP-1', { status: 'Done' });
  await refresh();
  expect(titled('Nordwind cannot sign in', await make())).toBeUndefined();
  const { items } = (await call('GET', '/tasks?status=completed')).body;
  expect(items.map(({ title }: { title: string }) => title).join()).toContain('Nordwind');
});

test('a person with nothing connected has a briefing with nothing in it', async () => {
  const { status, body } = await call('POST', '/briefings', {}, {}, 'carol@acme.test');
  expect([status, body.tasks, body.connectorStatus]).toEqual([201, [], []]);
});

test('where policy turns briefings off they are refused with the reason, and the refusal is recorded', async () => {
  const policy = {
    scope: 'user',
    scopeId: 'bob',
    domain: 'features',
    name: 'No briefing',
    version: '1.0.0',
    content: 'briefing_generation: false',
    changeReason: 'a test',
    status: 'active',
  };
  expect((await call('POST', '/policies', policy, {}, 'admin@acme.test')).status).toBe(201);
  const answer = await call('POST', '/briefings', {}, {}, 'bob@acme.test');
  expect(answer.status).toBe(403);
  expect(answer.body.detail).toContain('No briefing');
  const decision = await call('GET', `/policy/decisions/${answer.body.decisionId}`, undefined, {}, 'bob@acme.test');
  expect(decision.body.decision).toBe('deny');
});

describe('the schedule', () => {
  test('is set and read back, with the next window', async () => {
    const { body } = await call('PUT', '/briefing-schedule', { cron: '30 7 * * 1-5', windowMinutes: 20 });
    expect(body).toMatchObject({ cron: '30 7 * * 1-5', timeZone: 'Europe/Berlin', windowMinutes: 20, enabled: true });
    expect(Date.parse(body.nextWindow)).toBeGreaterThan(Date.now());
    expect((await call('GET', '/briefing-schedule')).body).toEqual(body);
  });

  test.each([
    [{ cron: '61 8 * * *' }, 'cron'],
    [{ cron: 'at eight' }, 'cron'],
    [{ cron: 'H 8 * * *' }, 'cron'],
    [{ cron: '*/15 * * * *' }, 'windowMinutes'],
    [{ cron: '0 8 * * *', timeZone: 'Mars/Olympus' }, 'timeZone'],
    [{ cron: '0 8 * * *', windowMinutes: 0 }, 'windowMinutes'],
    [{ cron: '0 8 * * *', deliver: ['fax'] }, 'deliver.0'],
    [{}, 'cron'],
  ])('%j is refused and names the field', async (body, path) => {
    const answer = await call('PUT', '/briefing-schedule', body);
    expect([answer.status, answer.body.errors[0].path]).toEqual([400, path]);
  });
});

/** Syncs everything that is connected, now. */
async function refresh(): Promise<void> {
  const { body } = await call('GET', '/connectors');
  for (const { id } of body.items) await call('POST', `/connectors/${id}/sync`);
}
