import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ensureBuilt } from '../../bin/build.mjs';
import { mintDemoToken } from '#libs/profile';
import { GatewayProcess, killAll, processesOf, temporaryDataDir } from '../harness/process.ts';
import { until } from '../harness/until.ts';

let folder: ReturnType<typeof temporaryDataDir>;
beforeEach(() => {
  ensureBuilt();
  folder = temporaryDataDir();
});
afterEach(() => folder.clean());

async function evaluate(gateway: GatewayProcess, action: string) {
  const token = await mintDemoToken(gateway.dataDir, 'alice@acme.test', new Date());
  const answer = await fetch(`${gateway.url}/api/v1/policy/evaluate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ action }),
  });
  return (await answer.json()) as { decision: string; decisionId: string };
}

async function audited(gateway: GatewayProcess, id: string): Promise<boolean> {
  const token = await mintDemoToken(gateway.dataDir, 'alice@acme.test', new Date());
  return (await fetch(`${gateway.url}/api/v1/audit/${id}`, { headers: { authorization: `Bearer ${token}` } })).ok;
}

describe('starting and stopping', () => {
  test('the first start prepares everything and says what to do next; SIGTERM leaves nothing running; the second start has it all', async () => {
    const first = await (await GatewayProcess.spawn(folder.path)).ready();
    await until('the first screen is whole', () => first.output.includes('stop with Ctrl-C'));
    for (const text of ['alice@acme.test', 'npx oce token', `${first.url}/docs`]) expect(first.output).toContain(text);
    const { decision, decisionId } = await evaluate(first, 'email_read');
    expect(decision).toBe('allow');
    expect(processesOf(folder.path).length).toBeGreaterThan(2);

    first.kill('SIGTERM');
    expect(await first.ended()).toBe(0);
    expect(processesOf(folder.path)).toEqual([]);

    const second = await (await GatewayProcess.spawn(folder.path)).ready();
    expect(await audited(second, decisionId)).toBe(true);
    second.kill('SIGINT');
    expect(await second.ended()).toBe(0);
    expect(processesOf(folder.path)).toEqual([]);
  });

  test('two instances with different ports and folders run side by side', async () => {
    const other = temporaryDataDir();
    try {
      const [a, b] = await Promise.all([GatewayProcess.spawn(folder.path), GatewayProcess.spawn(other.path)]);
      await Promise.all([a.ready(), b.ready()]);
      expect((await evaluate(a, 'email_read')).decision).toBe('allow');
      expect((await evaluate(b, 'email_read')).decision).toBe('allow');
      a.kill('SIGTERM');
      b.kill('SIGTERM');
      expect([await a.ended(), await b.ended()]).toEqual([0, 0]);
    } finally {
      other.clean();
    }
  });
});

test('SIGTERM under load: calls under way are answered, new ones are turned away, none is cut off', async () => {
  const gateway = await (await GatewayProcess.spawn(folder.path)).ready();
  const token = await mintDemoToken(gateway.dataDir, 'alice@acme.test', new Date());
  const outcomes: string[] = [];
  let running = true;
  const callers = Array.from({ length: 20 }, async () => {
    while (running) {
      try {
        const answer = await fetch(`${gateway.url}/api/v1/policy/evaluate`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' },
          body: '{"action":"email_read"}',
        });
        await answer.json();
        outcomes.push(String(answer.status));
      } catch (error) {
        running = false;
        outcomes.push((error as { cause?: { code?: string } }).cause?.code ?? String(error));
      }
    }
  });
  await until('calls are under way', () => outcomes.length > 100);
  gateway.kill('SIGTERM');
  await Promise.all(callers);
  expect(await gateway.ended()).toBe(0);
  expect(processesOf(folder.path)).toEqual([]);
  // Refused or reset are connections that were never taken: the kernel's, when the listening socket goes.
  const turnedAway = ['503', 'ECONNREFUSED', 'ECONNRESET'];
  expect(outcomes.filter((outcome) => outcome !== '200' && !turnedAway.includes(outcome))).toEqual([]);
  // What was taken was answered: there is no decision on record that its caller did not get.
  const next = await (await GatewayProcess.spawn(folder.path)).ready();
  const admin = await mintDemoToken(folder.path, 'admin@acme.test', new Date());
  const exported = await fetch(`${next.url}/api/v1/audit/export?format=jsonl&actionType=policy_decision`, {
    headers: { authorization: `Bearer ${admin}` },
  });
  // Syncs of the connected systems are decided upon as well, for the system itself.
  const recorded = (await exported.text()).split('\n').filter((line) => line.includes('"actor":"user:alice"')).length;
  expect(recorded).toBe(outcomes.filter((outcome) => outcome === '200').length);
  next.kill('SIGTERM');
  await next.ended();
});

describe('kill -9', () => {
  test('of the gateway alone: the next start takes over from its orphans and has every acknowledged entry', async () => {
    const first = await (await GatewayProcess.spawn(folder.path)).ready();
    const { decisionId } = await evaluate(first, 'email_read');
    first.kill('SIGKILL');
    await first.ended();
    expect(processesOf(folder.path).length).toBeGreaterThan(0);
    const second = await (await GatewayProcess.spawn(folder.path)).ready();
    expect(await audited(second, decisionId)).toBe(true);
    second.kill('SIGTERM');
    await second.ended();
    expect(processesOf(folder.path)).toEqual([]);
  });

  test('of every process at once: the next start repairs and has every acknowledged entry', async () => {
    const first = await (await GatewayProcess.spawn(folder.path)).ready();
    const { decisionId } = await evaluate(first, 'email_read');
    killAll(folder.path);
    await first.ended();
    await until('all are gone', () => processesOf(folder.path).length === 0);
    const second = await (await GatewayProcess.spawn(folder.path)).ready();
    expect(await audited(second, decisionId)).toBe(true);
    second.kill('SIGTERM');
    await second.ended();
  });

  test.each(['Creating the database', 'Bringing the database schema', 'Schema: ran', 'wrote 14 policies'])(
    'in the middle of the first start (at "%s"): the next start goes on from there',
    async (moment) => {
      const first = await GatewayProcess.spawn(folder.path);
      await until(`it says "${moment}"`, () => first.output.includes(moment));
      killAll(folder.path);
      await first.ended();
      await until('all are gone', () => processesOf(folder.path).length === 0);
      const second = await (await GatewayProcess.spawn(folder.path)).ready();
      expect((await evaluate(second, 'email_read')).decision).toBe('allow');
      expect((await evaluate(second, 'shell_exec')).decision).toBe('deny');
      second.kill('SIGTERM');
      expect(await second.ended()).toBe(0);
    },
  );
});

describe('a start that cannot succeed says why in words and leaves nothing running', () => {
  test('the port is taken', async () => {
    const holder = createServer((socket) => socket.destroy());
    await new Promise<void>((listening) => holder.listen(0, '127.0.0.1', listening));
    const { port } = holder.address() as { port: number };
    const gateway = await GatewayProcess.spawn(folder.path, { PORT: String(port) });
    expect(await gateway.ended()).toBe(1);
    expect(gateway.output).toContain(`Port ${port} is taken`);
    expect(gateway.output).not.toMatch(/\n\s+at /);
    expect(processesOf(folder.path)).toEqual([]);
    await new Promise((closed) => holder.close(closed));
  });

  test.each([
    [{ PORT: 'eighty' }, 'PORT is "eighty"'],
    [{ OPENCLAW_PROFILE: 'production' }, 'OPENCLAW_PROFILE is "production"'],
    [{ OPENCLAW_PROFILE: 'external' }, 'DATABASE_URL is missing'],
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL is (not shown)'],
  ])('%j', async (env, message) => {
    const gateway = await GatewayProcess.spawn(folder.path, { PORT: '4999', ...env } as Record<string, string>);
    expect(await gateway.ended()).toBe(1);
    expect(gateway.output).toContain(message);
    expect(gateway.output).not.toMatch(/\n\s+at /);
  });

  test('the data folder is in use by another gateway', async () => {
    const first = await (await GatewayProcess.spawn(folder.path)).ready();
    const second = await GatewayProcess.spawn(folder.path);
    expect(await second.ended()).toBe(1);
    expect(second.output).toMatch(/in use/);
    expect((await evaluate(first, 'email_read')).decision).toBe('allow');
    first.kill('SIGTERM');
    await first.ended();
  });
});

test('the log names no secret', async () => {
  const gateway = await (await GatewayProcess.spawn(folder.path, { LOG_LEVEL: 'trace' })).ready();
  await evaluate(gateway, 'email_read');
  const token = await mintDemoToken(gateway.dataDir, 'alice@acme.test', new Date());
  gateway.kill('SIGTERM');
  await gateway.ended();
  const log = readFileSync(join(folder.path, 'logs', 'gateway.log'), 'utf8');
  const secrets = readFileSync(join(folder.path, 'secrets.json'), 'utf8').match(/"[A-Za-z0-9_-]{20,}"/g) ?? [];
  expect(secrets.length).toBeGreaterThan(0);
  for (const secret of [...secrets.map((quoted) => quoted.slice(1, -1)), token]) expect(log).not.toContain(secret);
});
