import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase } from '../harness/database.ts';
import { RedisServer } from '../harness/redis.ts';
import { finished, oce, sendJson, sendProblem, startOce, StubServer } from './run-oce.ts';

const ENTRY = {
  id: '01KAX0000000000000000000AA',
  timestamp: '2026-01-31T08:00:00.000Z',
  userId: 'alice',
  actor: 'user:alice',
  actionType: 'policy_decision',
  actionDetail: { action: 'email_send' },
  policyResult: 'allow',
  policyReason: 'fine',
  outcome: 'success',
};

let folder: string;
let stub: StubServer | undefined;

beforeAll(async () => {
  await oce(['--help']); // builds, if the sources are newer than the build
  folder = mkdtempSync(join(tmpdir(), 'oce-cli-'));
}, 60_000);
afterEach(async () => {
  await stub?.stop();
  stub = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function serve(answer: Parameters<typeof StubServer.start>[0]): Promise<Record<string, string>> {
  stub = await StubServer.start(answer);
  return { OCE_URL: stub.url, OCE_TOKEN: 'a-token' };
}

describe('oce', () => {
  it('alone shows first steps', async () => {
    const { code, stdout, stderr } = await oce([]);
    expect(code).toBe(0);
    expect(stdout).toContain('First steps:');
    expect(stderr).toBe('');
  });

  it.each([
    [['evaluate', '--help'], '3  require_approval'],
    [['policy', 'apply', '--help'], 'Examples:'],
    [['audit', 'tail', '--help'], '--as <email>'],
    [['--help'], '69  the service cannot be reached'],
  ])('%j teaches with examples and exit codes', async (args, words) => {
    const { code, stdout } = await oce(args);
    expect(code).toBe(0);
    expect(stdout).toContain(words);
    expect(stdout).toContain('Exit codes:');
  });

  it.each([
    [['nonsense']],
    [['policy']],
    [['policy', 'nonsense']],
    [['evaluate']],
    [['status', '--colour']],
    [['status', '--url', 'nowhere', '--token', 't']],
    [['status', '--token', 't', '--as', 'alice@acme.test']],
    [['evaluate', 'x', '--model', 'gpt', '--token', 't']],
    [['audit', 'tail', '--limit', '0', '--token', 't']],
    [['audit', 'tail', '--from', 'yesterday', '--token', 't']],
  ])('%j is wrong usage', async (args) => {
    const { code, stdout, stderr } = await oce(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toBe('');
    expect(stderr).not.toContain('    at ');
  });

  it('says what to start when nothing listens, with a code of its own', async () => {
    const env = await serve(() => undefined);
    await stub!.stop();
    stub = undefined;
    const { code, stdout, stderr } = await oce(['status'], env);
    expect([code, stdout]).toEqual([69, '']);
    expect(stderr).toContain('nothing listens there');
    expect(stderr).toContain('npm start');
  });

  it('says how to get a token when none was given', async () => {
    expect((await oce(['status'])).stderr).toContain('--as admin@acme.test');
    expect((await oce(['status'], { OPENCLAW_PROFILE: 'external' })).stderr).toContain('agent token');
  });

  it('has no demo tokens in the external profile', async () => {
    const { code, stdout, stderr } = await oce(['token', 'alice@acme.test'], { OPENCLAW_PROFILE: 'external' });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('embedded profile only');
  });

  it('tells a refusal in the words of the service, and as its problem document with --json', async () => {
    const env = await serve((_request, reply) => sendProblem(reply, 403, 'forbidden'));
    const plain = await oce(['policy', 'list'], env);
    expect(plain.code).toBe(1);
    expect(plain.stderr).toContain('forbidden: the detail');
    const json = await oce(['policy', 'list', '--json'], env);
    expect(json.stdout).toBe('');
    expect(JSON.parse(json.stderr)).toMatchObject({ code: 'forbidden', status: 403, requestId: 'r1' });
  });

  it('does not take a page of some other server for the service', async () => {
    const env = await serve(
      (_request, reply) => void reply.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>'),
    );
    const { code, stderr } = await oce(['status'], env);
    expect(code).toBe(1);
    expect(stderr).toContain('Is that URL the service?');
  });

  it('writes no colours into a pipe', async () => {
    const env = await serve((_request, reply) =>
      sendJson(reply, 200, { status: 'degraded', components: { opa: { status: 'down', message: 'no answer' } } }),
    );
    const { code, stdout } = await oce(['status'], { ...env, FORCE_COLOR: '' });
    expect([code, stdout]).toEqual([1, '✗ opa  down: no answer\nThe service is degraded.\n']);
  });
});

describe('when the service is busy', () => {
  it('waits as it asks and tries again', async () => {
    const env = await serve((_request, reply, n) =>
      n < 3
        ? sendProblem(reply, 429, 'rate_limited', {}, { 'Retry-After': '0' })
        : sendJson(reply, 200, { items: [], nextCursor: null }),
    );
    const { code, stderr } = await oce(['policy', 'list'], env);
    expect(code).toBe(0);
    expect(stub!.requests).toHaveLength(3);
    expect(stderr).toContain('asked for 0 s');
  });

  it('repeats a POST under the same idempotency key', async () => {
    const decision = {
      decisionId: '01K',
      decision: 'deny',
      autonomy: 'block',
      reason: 'No.',
      constraints: {},
      obligations: { disclosure: false, notify: false },
      policies: [],
      revision: '1',
    };
    const env = await serve((_request, reply, n) =>
      n === 1 ? sendProblem(reply, 503, 'overloaded', {}, { 'Retry-After': '0' }) : sendJson(reply, 200, decision),
    );
    const { code, stdout } = await oce(['evaluate', 'email_send', '--json'], env);
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ decision: 'deny' });
    const keys = stub!.requests.map((request) => request.headers['idempotency-key']);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
  });

  it('gives up after four tries, and at once where it was not told when to come back', async () => {
    const env = await serve((request, reply) =>
      sendProblem(
        reply,
        429,
        'rate_limited',
        {},
        request.url.pathname.endsWith('/status') ? {} : { 'Retry-After': '0' },
      ),
    );
    expect((await oce(['policy', 'list'], env)).code).toBe(1);
    expect(stub!.requests).toHaveLength(4);
    expect((await oce(['status'], env)).code).toBe(1);
    expect(stub!.requests).toHaveLength(5);
  });
});

describe('oce audit export', () => {
  it('leaves no file that looks whole when the stream is cut', async () => {
    const env = await serve((_request, reply) => {
      reply.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
      reply.write(`${JSON.stringify(ENTRY)}\n`, () => reply.destroy());
    });
    const file = join(folder, 'cut.jsonl');
    const { code, stderr } = await oce(['audit', 'export', '--output', file], env);
    expect(code).toBe(1);
    expect(stderr).toContain('The export was cut');
    expect(existsSync(file)).toBe(false);
    expect(existsSync(`${file}.part`)).toBe(true);
    expect(stderr).toContain(`${file}.part`);
  });

  it('fails on standard output too when the stream is cut', async () => {
    const env = await serve((_request, reply) => {
      reply.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
      reply.write(`${JSON.stringify(ENTRY)}\n`, () => reply.destroy());
    });
    const { code, stderr } = await oce(['audit', 'export'], env);
    expect(code).toBe(1);
    expect(stderr).toContain('not everything');
  });

  it('names the file when it is whole, and passes the filters on', async () => {
    const env = await serve((_request, reply) => void reply.writeHead(200).end(`${JSON.stringify(ENTRY)}\n`));
    const file = join(folder, 'whole.jsonl');
    const { code, stdout } = await oce(
      ['audit', 'export', '-o', file, '--user-id', 'alice', '--from', '2026-01-31T08:00:00+01:00', '--json'],
      env,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ file, entries: 1 });
    expect(readFileSync(file, 'utf8')).toBe(`${JSON.stringify(ENTRY)}\n`);
    expect(existsSync(`${file}.part`)).toBe(false);
    expect(Object.fromEntries(stub!.requests[0]!.url.searchParams)).toEqual({
      format: 'jsonl',
      userId: 'alice',
      from: '2026-01-31T07:00:00.000Z',
    });
  });

  it('says so when the file cannot be written', async () => {
    const env = await serve((_request, reply) => void reply.writeHead(200).end('x\n'));
    const { code, stderr } = await oce(['audit', 'export', '-o', join(folder, 'no', 'such', 'folder')], env);
    expect(code).toBe(1);
    expect(stderr).toContain('there is no such file or folder');
  });
});

describe('oce audit tail', () => {
  it('ends quietly when whoever reads has enough', async () => {
    const items = Array.from({ length: 200 }, () => ENTRY);
    const env = await serve((_request, reply) => sendJson(reply, 200, { items, nextCursor: 'more' }));
    const child = startOce(['audit', 'tail', '-n', '20000'], env);
    child.stdout!.once('data', () => child.stdout!.destroy());
    const { code, stderr } = await finished(child);
    expect([code, stderr]).toEqual([0, '']);
  });

  it('follows what is written, once each, over a failure of the service, until it is stopped', async () => {
    const at = (n: number) => ({ ...ENTRY, id: `entry-${n}`, timestamp: `2026-01-31T08:00:0${n}.000Z` });
    const env = await serve((_request, reply, n) => {
      if (n === 2) reply.destroy();
      else sendJson(reply, 200, { items: n === 1 ? [at(1)] : [at(3), at(2), at(1)], nextCursor: null });
    });
    const child = startOce(['audit', 'tail', '--follow', '--json'], env);
    let text = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('entry-3')) child.kill('SIGINT');
    });
    const { code, stderr } = await finished(child);
    expect(code).toBe(0);
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id),
    ).toEqual(['entry-1', 'entry-2', 'entry-3']);
    expect(stderr).toContain('The service answers again.');
  });
});

describe('oce policy', () => {
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const policy = (version: string, content: string) =>
    `scope: team\nscopeId: web\ndomain: actions\nname: web\nversion: "${version}"\ncontent:\n  ${content}\n`;

  it('check needs no service, and tells file, line, path and what is accepted', async () => {
    const good = await oce(['policy', 'check', file('good.yaml', policy('1.0.0', 'blocked: [x]'))]);
    expect([good.code, good.stdout]).toEqual([0, '✓ 1 policy is well formed\n']);
    const bad = file('bad.yaml', policy('1.0.0', 'blocked: x'));
    const { code, stdout } = await oce(['policy', 'check', bad]);
    expect(code).toBe(1);
    expect(stdout).toContain(`${bad}:7: content.blocked: must be a list`);
    const json = await oce(['policy', 'check', bad, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      problems: [{ file: bad, line: 7, path: 'content.blocked' }],
    });
  });

  it('apply sends nothing where a file has problems', async () => {
    const env = await serve((_request, reply) => sendJson(reply, 200, {}));
    const { code, stderr } = await oce(['policy', 'apply', file('bad.yaml', policy('1', 'blocked: []'))], env);
    expect(code).toBe(1);
    expect(stderr).toContain('nothing was sent');
    expect(stub!.requests).toHaveLength(0);
  });

  it('apply changes an older version under If-Match, and waits until every replica has it', async () => {
    const existing = {
      id: 'p1',
      scope: 'team',
      scopeId: 'web',
      domain: 'actions',
      name: 'web',
      version: '1.0.0',
      status: 'active',
      content: 'blocked: []',
    };
    let asked = 0;
    const env = await serve((request, reply) => {
      if (request.url.pathname.endsWith('/revision')) {
        asked++;
        const replicas = [
          { id: 'a', active: 7 },
          { id: 'b', active: asked > 2 ? 7 : 6 },
        ];
        sendJson(reply, 200, { wanted: 7, replicas });
      } else if (request.method === 'GET') sendJson(reply, 200, { items: [existing], nextCursor: null });
      else sendJson(reply, 200, existing);
    });
    const { code, stdout } = await oce(
      ['policy', 'apply', file('web.yaml', policy('1.1.0', 'blocked: [x]')), '--reason', 'Too risky'],
      env,
    );
    expect(stdout).toMatch(/changed from 1\.0\.0, active\n.*revision 7 is active on all 2 replicas after \d+\.\d s\n$/);
    expect(code).toBe(0);
    const put = stub!.requests.find(({ method }) => method === 'PUT');
    expect(put?.headers['if-match']).toBe('"1.0.0"');
    expect(JSON.parse(put!.body)).toEqual({
      version: '1.1.0',
      content: 'blocked:\n  - x\n',
      changeReason: 'Too risky',
      status: 'active',
    });
  });

  it('apply shows field, parent policy, parent value and value given where a policy is wider than one above', async () => {
    const violation = {
      field: 'default_autonomy',
      parentPolicy: { id: '1', name: 'base', scope: 'enterprise', scopeId: 'acme', version: '1.0.0' },
      parentValue: 'approve',
      value: 'autonomous',
    };
    const env = await serve((request, reply) =>
      request.method === 'GET'
        ? sendJson(reply, 200, { items: [], nextCursor: null })
        : sendProblem(reply, 409, 'POLICY_HIERARCHY_VIOLATION', { violations: [violation] }),
    );
    const path = file('wide.yaml', policy('1.0.0', 'default_autonomy: autonomous'));
    const { code, stderr } = await oce(['policy', 'apply', path], env);
    expect(code).toBe(1);
    for (const words of [
      'field          default_autonomy',
      '"base" 1.0.0',
      'parent value   "approve"',
      'value given    "autonomous"',
    ]) {
      expect(stderr).toContain(words);
    }
  });

  it('apply --json tells what was done before a refusal, and what was left alone', async () => {
    const env = await serve((request, reply) => {
      if (request.method === 'GET') sendJson(reply, 200, { items: [], nextCursor: null });
      else if (request.body.includes('"first"')) sendJson(reply, 201, {});
      else sendProblem(reply, 403, 'forbidden');
    });
    const three = ['first', 'second', 'third'].map((name) =>
      policy('1.0.0', '{}').replace('name: web', `name: ${name}`),
    );
    const { code, stdout, stderr } = await oce(
      ['policy', 'apply', '--json', file('three.yaml', three.join('---\n'))],
      env,
    );
    expect(code).toBe(1);
    const { items } = JSON.parse(stdout) as { items: { result: string }[] };
    expect(items.map(({ result }) => result)).toEqual(['create', 'failed', 'left alone']);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'forbidden' });
  });

  it('apply --dry-run says what would be done and changes nothing', async () => {
    const env = await serve((_request, reply) => sendJson(reply, 200, { items: [], nextCursor: null }));
    const { code, stdout } = await oce(
      ['policy', 'apply', '--dry-run', file('new.yaml', policy('1.0.0', 'blocked: []'))],
      env,
    );
    expect([code, stdout]).toEqual([0, '✓ "web" 1.0.0 of team "web" for actions: would be created as active\n']);
    expect(stub!.requests.every(({ method }) => method === 'GET')).toBe(true);
  });
});

describe('oce doctor', () => {
  it('says who has a port, what is missing and how to mend it, as one JSON document', async () => {
    await serve((_request, reply) => sendJson(reply, 200, { hello: 'I am somebody else' }));
    const { code, stdout } = await oce(['doctor', '--json', '--data-dir', join(folder, 'data')], {
      PORT: String(stub!.port),
      METRICS_PORT: '0',
      OPA_BIN: join(folder, 'no-opa'),
    });
    expect(code).toBe(1);
    const { ok, findings } = JSON.parse(stdout) as {
      ok: boolean;
      findings: { name: string; state: string; detail: string; remedy?: string }[];
    };
    const named = (name: string) => findings.find((finding) => finding.name === name);
    expect(ok).toBe(false);
    expect(named('Node')?.state).toBe('ok');
    expect(named('Data folder')).toMatchObject({ state: 'ok' });
    expect(named('PORT')).toMatchObject({
      state: 'fail',
      remedy: expect.stringContaining(`PORT=${stub!.port + 1} npm start`),
    });
    if (process.platform === 'linux') expect(named('PORT')?.detail).toContain(`(process ${process.pid})`);
    expect(named('OPA')).toMatchObject({ state: 'fail', remedy: expect.stringContaining('version 1.0') });
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  it('names wrong settings, and what the external profile misses', async () => {
    const wrong = await oce(['doctor'], { PORT: 'x' });
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toContain('PORT is "x"');
    const external = await oce(['doctor'], { OPENCLAW_PROFILE: 'external', METRICS_PORT: '0' });
    expect(external.stdout).toContain('DATABASE_URL is missing');
  });

  it('looks at Redis where one is set, and never shows its password', async () => {
    const server = await RedisServer.start({ password: 'p4ssword' });
    const doctor = async (url: string) => {
      const { stdout } = await oce(['doctor', '--json'], { REDIS_URL: url, METRICS_PORT: '0' });
      expect(stdout).not.toContain('p4ssword');
      const { findings } = JSON.parse(stdout) as { findings: { name: string; state: string; detail: string }[] };
      return findings.find(({ name }) => name === 'Redis');
    };
    try {
      const signedIn = server.url.replace('//', '//:p4ssword@');
      expect(await doctor(signedIn)).toMatchObject({ state: 'ok', detail: expect.stringContaining('version ') });
      expect(await doctor(server.url)).toMatchObject({ state: 'fail', detail: expect.stringContaining('NOAUTH') });
      expect(await doctor(`${signedIn},127.0.0.1:1`)).toMatchObject({
        state: 'fail',
        detail: expect.stringContaining('no cluster'),
      });
      await server.kill();
      expect(await doctor(signedIn)).toMatchObject({
        state: 'fail',
        detail: expect.stringContaining('nothing listens'),
      });
    } finally {
      await server.stop();
    }
  });

  it('looks at the database, OPA and identity provider of the external profile', async () => {
    await serve((request, reply) => {
      if (request.url.pathname === '/health') sendJson(reply, 200, {});
      else if (request.url.pathname.startsWith('/.well-known')) sendJson(reply, 200, { issuer: 'http://other' });
      else sendJson(reply, 503, { error: { opa: { message: 'no answer' } } });
    });
    const database = await freshDatabase({ migrated: false });
    const { code, stdout } = await oce(['doctor', '--url', stub!.url], {
      OPENCLAW_PROFILE: 'external',
      METRICS_PORT: '0',
      DATABASE_URL: database.ownerUrl,
      OPA_URL: stub!.url,
      OPA_BUNDLE_TOKEN: 'a-bundle-token-of-the-test',
      OIDC_ISSUER: stub!.url,
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ PostgreSQL .*version 16.*has not run/);
    expect(stdout).not.toContain(new URL(database.ownerUrl).password);
    await database.drop();
    expect(stdout).toContain(`✓ OPA`);
    expect(stdout).toContain('names the issuer "http://other"');
    expect(stdout).toContain('503: opa no answer');
  });
});
