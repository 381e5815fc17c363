import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONNECTORS, type ConnectorType, type Registry } from '#connectors';
import { Database } from '#libs/database';
import type { Emulator, FaultPlan } from '#libs/emulators';
import { startGcalEmulator } from '#libs/emulators/gcal';
import { startGdriveEmulator } from '#libs/emulators/gdrive';
import { startGithubEmulator } from '#libs/emulators/github';
import { startGmailEmulator } from '#libs/emulators/gmail';
import { startJiraEmulator } from '#libs/emulators/jira';
import { ensureBuilt } from '../../bin/build.mjs';
import { gcalConnector } from '../../src/connectors/gcal/gcal-connector.ts';
import { gdriveConnector } from '../../src/connectors/gdrive/gdrive-connector.ts';
import { githubConnector } from '../../src/connectors/github/github-connector.ts';
import { gmailConnector } from '../../src/connectors/gmail/gmail-connector.ts';
import { jiraConnector } from '../../src/connectors/jira/jira-connector.ts';
import { DoomedGateway } from '../harness/doomed-gateway.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';

const ALICE = 'alice@acme.test';
const TOKEN = 'alice-with-the-vendor';

let gateway: TestGateway;
let writes: readonly Case[];
const running = new Set<DoomedGateway>();

interface Case {
  readonly type: ConnectorType;
  readonly system: Emulator & { faults: FaultPlan };
  /** What the API takes. */
  readonly body: Record<string, unknown>;
  /** The request that has the effect. */
  readonly effect: RegExp;
}

async function start(): Promise<readonly Case[]> {
  const [gmail, gcal, jira, github, gdrive] = await Promise.all([
    startGmailEmulator(),
    startGcalEmulator(),
    startJiraEmulator(),
    startGithubEmulator(),
    startGdriveEmulator(),
  ]);
  for (const each of [gmail, gcal, jira, github, gdrive]) each.addToken(TOKEN, ALICE);
  gmail.addAccount(ALICE, 'Alice');
  gcal.addCalendar(ALICE);
  jira.addUser(ALICE);
  const { key } = jira.addIssue('PLAT', { assignee: ALICE });
  github.addUser(ALICE, { login: 'alice' });
  github.addRepository('acme/gateway');
  const { number } = github.openIssue('acme/gateway', { author: 'alice' });
  const fileId = gdrive.addFile(ALICE, { name: 'Plan' });
  const hour = { start: '2026-11-26T10:00:00Z', end: '2026-11-26T11:00:00Z' };
  const system = <T extends Emulator>(emulator: T) => emulator as unknown as Case['system'];
  return [
    {
      ...{ type: 'gmail', system: system(gmail), effect: /\/messages\/send$/ },
      body: { action: 'email_send', to: ALICE, subject: 'Numbers', text: 'The same each time' },
    },
    {
      ...{ type: 'gmail', system: system(gmail), effect: /\/drafts$/ },
      body: { action: 'email_draft', to: ALICE, subject: 'Draft', text: 'The same each time' },
    },
    {
      ...{ type: 'gcal', system: system(gcal), effect: /\/events$/ },
      body: { action: 'calendar_create_event', title: 'The same each time', ...hour },
    },
    {
      ...{ type: 'jira', system: system(jira), effect: /\/comment$/ },
      body: { action: 'jira_comment', key, text: 'The same each time' },
    },
    {
      ...{ type: 'github', system: system(github), effect: /\/comments$/ },
      body: { action: 'github_comment', repo: 'acme/gateway', number, text: 'The same each time' },
    },
    {
      ...{ type: 'gdrive', system: system(gdrive), effect: /\/comments$/ },
      body: { action: 'gdrive_comment', fileId, text: 'The same each time' },
    },
  ];
}

beforeAll(async () => {
  ensureBuilt();
  writes = await start();
  const systems = new Map(writes.map(({ type, system }) => [type, system]));
  const hosts = [...systems.values()].map(({ url }) => new URL(url).host).join(',');
  gateway = await startTestGateway({ env: { CONNECTOR_PRIVATE_HOSTS: hosts } });
  await allowEverythingHere();
  const registry = gateway.app.get<Registry>(CONNECTORS, { strict: false });
  Object.assign(registry, {
    ...{ gmail: gmailConnector, gcal: gcalConnector, jira: jiraConnector },
    ...{ github: githubConnector, gdrive: gdriveConnector },
  });
  for (const [type, { url }] of systems) {
    const credentials = { kind: 'token', token: TOKEN };
    const { status, body } = await gateway.call(ALICE, 'POST', '/api/v1/connectors', {
      type,
      baseUrl: url,
      credentials,
    });
    expect([status, body]).toEqual([201, expect.anything()]);
  }
}, 120_000);
afterAll(async () => {
  for (const doomed of running) await doomed.kill();
  await gateway?.stop();
  await Promise.all((writes ?? []).map(({ system }) => system.close().catch(() => undefined)));
});

/** What the demo rules ask a person for, they allow. */
async function allowEverythingHere(): Promise<void> {
  await amend('actions', /^( *)email_send: .*$/m, '$1email_send: notify\n$1gdrive_comment: notify');
  await amend('integrations', 'permissions: read', 'permissions: write');
}

async function amend(domain: string, present: string | RegExp, wanted: string): Promise<void> {
  const call = (method: string, path: string, body?: unknown) =>
    gateway.call('admin@acme.test', method, `/api/v1/policies${path}`, body);
  const [{ id }] = (await call('GET', `?scope=enterprise&domain=${domain}`)).body.items;
  const before = String((await call('GET', `/${id}`)).body.content);
  const content = before.replace(present, wanted);
  expect(content).not.toBe(before);
  const change = { version: '1.1.0', content, changeReason: 'a test of writes' };
  expect((await call('PUT', `/${id}`, change)).body).toMatchObject({ id });
}

const NAMES = ['gmail', 'gmail-draft', 'gcal', 'jira', 'github', 'gdrive'];
const ALL = NAMES.map((name, at) => [name, at] as const);
const writing = ({ type, body }: Case, key: string) =>
  gateway.call(ALICE, 'POST', `/api/v1/connectors/${type}/write`, body, { 'idempotency-key': key });
const isOf =
  ({ effect }: Case) =>
  (request: { method: string; path: string }) =>
    request.method === 'POST' && effect.test(request.path);

describe('a write under an Idempotency-Key takes effect once', () => {
  test.each(ALL)('where its answer is lost on the way back: %s', async (name, at) => {
    const one = writes[at]!;
    const before = one.system.written.length;
    one.system.faults = (request) => (isOf(one)(request) ? { kind: 'reset', after: true } : undefined);
    const lost = await writing(one, `lost-${name}`);
    expect([lost.status, lost.body.code, one.system.written.length - before]).toEqual([
      503,
      'connector_unavailable',
      1,
    ]);
    one.system.faults = () => undefined;
    const again = await writing(one, `lost-${name}`);
    expect([again.status, again.body.result]).toEqual([200, expect.anything()]);
    expect(one.system.written.length - before).toBe(1);
    // The same content under another key is another wish.
    expect((await writing(one, `other-${name}`)).status).toBe(200);
    expect(one.system.written.length - before).toBe(2);
  });

  test.each(ALL)('where its process is killed between the effect and the answer: %s', async (name, at) => {
    const one = writes[at]!;
    const doomed = await DoomedGateway.start(gateway, ALICE);
    running.add(doomed);
    const key = `killed-${name}`;
    const before = one.system.written.length;
    // The answer is on its way for so long that the process does not live to see it.
    one.system.faults = (request) => (isOf(one)(request) ? { kind: 'late', ms: 60_000 } : undefined);
    const first = doomed.post(`/api/v1/connectors/${one.type}/write`, one.body, { 'idempotency-key': key });
    await until('it has taken effect', () => one.system.written.length > before);
    await doomed.kill();
    running.delete(doomed);
    await expect(first).rejects.toThrow();
    one.system.faults = () => undefined;
    expect((await writing(one, key)).body.code).toBe('conflict');
    await gateway.app
      .get(Database, { strict: false })
      .tenant('acme', (tx) => tx.query(`UPDATE idempotency_keys SET claimed_at = claimed_at - interval '61 seconds'`));
    const again = await writing(one, key);
    expect([again.status, again.body.result]).toEqual([200, expect.anything()]);
    expect(one.system.written.length - before).toBe(1);
  });
});
