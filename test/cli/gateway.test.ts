import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { type Finished, oce } from './run-oce.ts';

/** The real command against a real gateway. */

let gateway: TestGateway;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oce-cli-gateway-'));
  gateway = await startTestGateway();
  await oce(['--help']); // builds, if the sources are newer than the build
}, 120_000);
afterAll(async () => {
  await gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const as = (email: string, ...args: string[]): Promise<Finished> =>
  oce([...args, '--as', email, '--data-dir', gateway.settings.OPENCLAW_DATA_DIR], { OCE_URL: gateway.url });

const policyFile = (version: string, autonomy: string, name = 'By oce'): string => {
  const path = join(folder, 'policy.yaml');
  const head = { scope: 'org', scopeId: 'legal', domain: 'actions', name, version, changeReason: 'A test' };
  writeFileSync(path, JSON.stringify({ ...head, content: { actions: { email_send: autonomy } } }));
  return path;
};

describe('oce with a gateway', () => {
  it('token prints a token that the gateway takes, alone', async () => {
    const env = { OPENCLAW_DATA_DIR: gateway.settings.OPENCLAW_DATA_DIR };
    const { code, stdout } = await oce(['token', 'alice@acme.test'], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { body } = await gateway.call(stdout.trim(), 'GET', '/api/v1/auth/userinfo');
    expect(body).toMatchObject({ email: 'alice@acme.test' });
    const unknown = await oce(['token', 'nobody@acme.test'], env);
    expect([unknown.code, unknown.stdout]).toEqual([1, '']);
    expect(unknown.stderr).toContain('carol@acme.test');
  });

  it('evaluate ends with the code of the decision, and explain says why', async () => {
    const { code, stdout } = await as('alice@acme.test', 'evaluate', 'email_send', '--json');
    const answer = JSON.parse(stdout) as { decision: 'allow' | 'require_approval' | 'deny'; decisionId: string };
    expect(code).toBe({ allow: 0, require_approval: 3, deny: 4 }[answer.decision]);
    const explained = await as('alice@acme.test', 'explain', answer.decisionId);
    expect(explained.code).toBe(0);
    expect(explained.stdout).toContain('email_send for alice');
    expect(explained.stdout).toContain(answer.decisionId);
    expect((await as('carol@acme.test', 'explain', answer.decisionId)).code).toBe(1);
  });

  it('approvals shows what waits, word for word and unable to forge lines, and decides it', async () => {
    const ask = async (summary: string) => {
      const { body } = await gateway.call('alice@acme.test', 'POST', '/api/v1/policy/evaluate', {
        action: 'email_send',
      });
      const asked = { decisionId: body.decisionId, summary };
      return (await gateway.call('alice@acme.test', 'POST', '/api/v1/approvals', asked)).body.id as string;
    };
    const [first, second] = [await ask('Line one\nWhat would be done: nothing\u001b[2J'), await ask('Two')];
    const list = await as('alice@acme.test', 'approvals');
    expect([list.code, list.stdout]).toEqual([
      0,
      expect.stringMatching(`${second} +tool +pending .*email_send\n${first}`),
    ]);
    const shown = await as('alice@acme.test', 'approvals', 'show', first);
    expect(shown.stdout).toContain('summary:\n      Line one\n      What would be done: nothing\\u001b[2J\n');
    const approved = await as('alice@acme.test', 'approvals', 'approve', first);
    expect([approved.code, approved.stdout]).toEqual([
      0,
      expect.stringMatching(/^email_send: approved by user:alice at 20/),
    ]);
    const rejected = await as('alice@acme.test', 'approvals', 'reject', second, '--reason', 'Not today');
    expect(rejected.stdout).toContain(': Not today');
    const late = await as('alice@acme.test', 'approvals', 'approve', second);
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('The first decision holds')]);
    expect((await as('alice@acme.test', 'approvals')).stderr).toContain('Nothing is pending.');
    expect((await as('alice@acme.test', 'approvals', 'list', '--status', 'open')).code).toBe(2);
    expect((await as('carol@acme.test', 'approvals', 'show', first)).code).toBe(1);
  });

  it('policy apply creates, leaves alone and changes, and the decision follows', async () => {
    const created = await as('admin@acme.test', 'policy', 'apply', policyFile('1.0.0', 'approve'));
    expect(created.stderr).toBe('');
    expect(created.stdout).toMatch(/created as active\n.*is active on the one replica/);
    const again = await as('admin@acme.test', 'policy', 'apply', policyFile('1.0.0', 'approve'));
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('unchanged')]);
    const other = await as('admin@acme.test', 'policy', 'apply', policyFile('1.0.0', 'block'));
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('raise the version')]);
    const changed = await as('admin@acme.test', 'policy', 'apply', policyFile('1.1.0', 'block'));
    expect([changed.code, changed.stdout]).toEqual([0, expect.stringContaining('changed from 1.0.0')]);
    expect((await as('carol@acme.test', 'evaluate', 'email_send')).code).toBe(4);
  });

  it('policy apply shows what a policy above allows where one is wider', async () => {
    const { code, stderr } = await as('admin@acme.test', 'policy', 'apply', policyFile('1.0.0', 'autonomous', 'Wide'));
    expect(code).toBe(1);
    expect(stderr).toContain('field          actions.email_send');
    expect(stderr).toMatch(/parent policy {2}".*" \d\S* of enterprise "acme"/);
    expect(stderr).toContain('value given    "autonomous"');
  });

  it('policy simulate shows which recorded decisions would change, and changes nothing', async () => {
    const before = await as('carol@acme.test', 'evaluate', 'email_read', '--json');
    const { decisionId } = JSON.parse(before.stdout) as { decisionId: string };
    const path = join(folder, 'draft.yaml');
    const head = { scope: 'user', scopeId: 'carol', domain: 'actions', name: 'Draft by oce', version: '1.0.0' };
    writeFileSync(path, JSON.stringify({ ...head, content: { actions: { email_read: 'block' } } }));
    const shown = await as('admin@acme.test', 'policy', 'simulate', path);
    expect([shown.code, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toMatch(/Draft by oce 1\.0\.0 \(user carol\): 1 of \d+ recorded decisions? would change/);
    expect(shown.stdout).toMatch(new RegExp(`${decisionId} +carol +email_read +allow \\(.*\\) +deny \\(block\\)`));
    const json = await as('admin@acme.test', 'policy', 'simulate', path, '--limit', '1', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ items: [{ examined: 1, flipped: 1 }] });
    expect((await as('alice@acme.test', 'policy', 'simulate', path)).code).toBe(1);
    expect((await as('carol@acme.test', 'evaluate', 'email_read')).code).toBe(0);
  });

  it('policy list and effective show what decides, and where it comes from', async () => {
    const list = await as('admin@acme.test', 'policy', 'list', '--scope', 'org', '--json');
    const { items } = JSON.parse(list.stdout) as { items: { scope: string }[] };
    expect(items.every(({ scope }) => scope === 'org')).toBe(true);
    const effective = await as('admin@acme.test', 'policy', 'effective', '--user', 'carol');
    expect(effective.stdout).toMatch(/actions\.email_send +block +By oce 1\.1\.0 \(org legal\)/);
  });

  it('audit tail, export and completeness show the whole log to an admin, and an export is refused to others', async () => {
    const tail = await as('admin@acme.test', 'audit', 'tail', '--action-type', 'policy_change', '-n', '1');
    expect(tail.stdout).toContain('By oce 1.1.0');
    const file = join(folder, 'audit.jsonl');
    const exported = await as('admin@acme.test', 'audit', 'export', '-o', file, '--json');
    expect(exported.code).toBe(0);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines).toHaveLength((JSON.parse(exported.stdout) as { entries: number }).entries);
    expect((await as('alice@acme.test', 'audit', 'export')).code).toBe(1);
    const complete = await as('admin@acme.test', 'audit', 'completeness');
    expect([complete.code, complete.stdout]).toEqual([0, expect.stringContaining('nothing is missing')]);
  });

  it('status and doctor are content with a healthy service', async () => {
    expect((await as('admin@acme.test', 'status')).code).toBe(0);
    const { stdout } = await as('admin@acme.test', 'doctor', '--json');
    const { findings } = JSON.parse(stdout) as { findings: { name: string; state: string }[] };
    const ofTheService = findings.filter(({ name }) => /^(Service|Component)/.test(name));
    expect(ofTheService.length).toBeGreaterThan(4);
    expect(ofTheService.every(({ state }) => state === 'ok')).toBe(true);
  });
});
