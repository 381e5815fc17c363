import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { isAlive } from '../host/processes.ts';
import { spawnProcess } from '../host/spawn.ts';
import { processesOf, removeTemporaryFolders, temporaryFolder, until } from '../testing.ts';
import { obtainOpa } from './obtain-opa.ts';
import { OpaServer } from './opa-server.ts';

const running = new Set<OpaServer>();
const lines: string[] = [];
let binary: string;

async function start(dataDir: string, config: Record<string, unknown> = {}): Promise<OpaServer> {
  const server = await OpaServer.start({ dataDir, binary, config, progress: (line) => lines.push(line) });
  running.add(server);
  return server;
}

const ask = (server: OpaServer, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, init);
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

beforeAll(async () => {
  binary = await obtainOpa({ dataDir: temporaryFolder(), progress: () => {} });
}, 600_000);
afterEach(async () => {
  for (const server of running) await server.stop();
  running.clear();
  lines.length = 0;
});
afterAll(removeTemporaryFolders);

describe('OpaServer', () => {
  it('lets anybody see its health and nobody else than the holder of the token do more', async () => {
    const server = await start(temporaryFolder());
    expect((await ask(server, '/health')).status).toBe(200);
    for (const init of [{}, bearer('guess'), bearer('')]) {
      for (const path of ['/v1/data', '/v1/policies', '/v1/config', '/metrics', '/health/live', '/v1/query?q=x=1']) {
        expect([path, (await ask(server, path, init)).status]).toEqual([path, 401]);
      }
      const body = 'package system.authz\ndefault allow := true';
      expect((await ask(server, '/v1/policies/x', { ...init, method: 'PUT', body })).status).toBe(401);
      expect((await ask(server, '/health', { ...init, method: 'POST' })).status).toBe(401);
    }
    expect((await ask(server, '/v1/data', bearer(server.token))).status).toBe(200);
  });

  it('keeps the token out of the command line and its own answers, and its files private', async () => {
    const dataDir = temporaryFolder();
    const config = { labels: { app: 'test' }, services: { gateway: { url: 'http://127.0.0.1:9', credentials: {} } } };
    const server = await start(dataDir, config);
    expect(readFileSync(`/proc/${server.pid}/cmdline`, 'utf8')).not.toContain(server.token);
    expect(await (await ask(server, '/v1/policies', bearer(server.token))).text()).not.toContain(server.token);
    for (const name of ['config.json', 'authz.rego']) {
      expect(statSync(join(dataDir, 'opa', name)).mode & 0o777).toBe(0o600);
    }
    const written = JSON.parse(readFileSync(join(dataDir, 'opa', 'config.json'), 'utf8')) as Record<string, unknown>;
    expect(written).toMatchObject({ ...config, persistence_directory: join(dataDir, 'opa', 'persisted') });
  });

  it('comes back on the same port with the same token when it is killed', async () => {
    const dataDir = temporaryFolder();
    const server = await start(dataDir);
    const before = server.pid!;
    server.kill('SIGKILL');
    await until('the death is noticed', () => server.state !== 'running');
    await server.whenRunning();
    expect(server.pid).not.toBe(before);
    expect((await ask(server, '/v1/data', bearer(server.token))).status).toBe(200);
    await server.stop();
    await server.stop();
    expect(processesOf(dataDir)).toEqual([]);
  });

  it('stops an OPA that an earlier gateway left, and takes its port', async () => {
    const dataDir = temporaryFolder();
    const first = await start(dataDir);
    await first.stop();
    const files = ['config.json', 'authz.rego'].map((name) => join(dataDir, 'opa', name));
    const args = ['run', '--server', '--addr', `127.0.0.1:${first.port}`, '--config-file', ...files];
    const orphan = await spawnProcess(binary, args, { stdio: 'ignore', detached: true });
    await until('the orphan answers', () => ask(first, '/health').then(({ ok }) => ok, () => false)); // prettier-ignore
    const second = await start(dataDir);
    expect(isAlive(orphan.pid!)).toBe(false);
    expect(second.port).toBe(first.port);
    expect(second.token).not.toBe(first.token);
    expect(lines.join('\n')).toContain(`process ${orphan.pid}`);
  });

  it('takes another port when the old one is taken', async () => {
    const dataDir = temporaryFolder();
    const first = await start(dataDir);
    await first.stop();
    const other = createServer().listen(first.port, '127.0.0.1');
    await until('the port is taken', () => other.listening);
    expect((await start(dataDir)).port).not.toBe(first.port);
    await new Promise((resolve) => other.close(resolve));
  });

  it('says what OPA said when its configuration is wrong', async () => {
    const dataDir = temporaryFolder();
    await expect(start(dataDir, { bundles: { x: { service: 'absent' } } })).rejects.toThrow(/did not start.*absent/s);
    expect(processesOf(dataDir)).toEqual([]);
  });
});
