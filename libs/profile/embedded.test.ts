import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { isAlive } from './host/processes.ts';
import { type EmbeddedOptions, type EmbeddedServers, startEmbedded } from './index.ts';
import { processesOf, removeTemporaryFolders, temporaryFolder } from './testing.ts';

const running = new Set<EmbeddedServers>();

async function start(dataDir: string, more: Partial<EmbeddedOptions> = {}): Promise<EmbeddedServers> {
  const servers = await startEmbedded({
    ...{ dataDir, opaConfig: () => ({}), redirectUris: ['http://localhost:3000/auth/callback'], progress: () => {} },
    ...{ accounts: [{ email: 'alice@acme.test', name: 'Alice' }], ...more },
  });
  running.add(servers);
  return servers;
}

/** A gateway in a process of its own, in which only the servers are real. Resolves when it has started. */
async function startGateway(dataDir: string): Promise<{ gateway: ChildProcess; databaseUrl: string }> {
  const code = `
    const { startEmbedded } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    const { databaseDirectUrl } = await startEmbedded({
      dataDir: ${JSON.stringify(dataDir)}, opaConfig: () => ({}), redirectUris: ['http://localhost:3000/auth/callback'],
      accounts: [], progress: () => {},
    });
    console.log(databaseDirectUrl);`;
  const gateway = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(gateway.stdout!, 'data')) as [Buffer];
  return { gateway, databaseUrl: line.toString().trim() };
}

async function rows(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

async function userOf(url: string): Promise<unknown> {
  const [row] = await rows(url, 'SELECT current_user AS name');
  return (row as { name: string }).name;
}

afterEach(async () => {
  for (const servers of running) await servers.stop();
  running.clear();
});
afterAll(removeTemporaryFolders);

describe('startEmbedded', () => {
  it('starts all three, the same the second time, and leaves nothing running', async () => {
    const dataDir = temporaryFolder();
    const first = await start(dataDir);
    expect(await userOf(first.databaseUrl)).toBe('openclaw_app');
    expect(await userOf(first.databaseDirectUrl)).toBe('openclaw_owner');
    const opa = await fetch(`${first.opaUrl}/v1/data`, { headers: { authorization: `Bearer ${first.opaToken}` } });
    expect(opa.status).toBe(200);
    expect((await fetch(`${first.issuer}/.well-known/openid-configuration`)).status).toBe(200);
    expect(first.accounts).toEqual([{ email: 'alice@acme.test', name: 'Alice', password: expect.any(String) }]);
    await first.stop();
    await first.stop();
    expect(processesOf(dataDir)).toEqual([]);

    const second = await start(dataDir);
    for (const name of ['databaseUrl', 'databaseDirectUrl', 'opaUrl', 'issuer', 'clientSecret', 'accounts'] as const) {
      expect(second[name]).toEqual(first[name]);
    }
  });

  it('uses the servers that the environment names', async () => {
    const env = {
      ...{ DATABASE_URL: 'postgresql://db.test/x', DATABASE_DIRECT_URL: 'postgresql://direct.test/x' },
      ...{ OPA_URL: 'http://opa.test', OIDC_ISSUER: 'https://idp.test', OIDC_CLIENT_ID: 'mine' },
    };
    const servers = await start(temporaryFolder(), { env });
    expect(servers).toMatchObject({
      ...{ databaseUrl: env.DATABASE_URL, databaseDirectUrl: env.DATABASE_DIRECT_URL, opaUrl: env.OPA_URL },
      ...{ issuer: env.OIDC_ISSUER, clientId: 'mine', accounts: [] },
      ...{ postgres: undefined, opa: undefined, idp: undefined },
    });
  });

  it('refuses a second gateway on the same folder', async () => {
    const dataDir = temporaryFolder();
    await start(dataDir);
    await expect(start(dataDir)).rejects.toMatchObject({ code: 'in_use' });
  });

  for (const [what, killed] of [
    ['the gateway', (gateway: number) => [gateway]],
    ['every process', (gateway: number, children: number[]) => [gateway, ...children]],
  ] as const) {
    it(`starts again with its data after kill -9 of ${what}`, async () => {
      const dataDir = temporaryFolder();
      const { gateway, databaseUrl } = await startGateway(dataDir);
      await rows(databaseUrl, 'CREATE TABLE note AS SELECT 5 AS n');
      await expect(start(dataDir)).rejects.toMatchObject({
        code: 'in_use',
        message: expect.stringContaining(`process ${gateway.pid}`),
      });
      const children = processesOf(dataDir).filter((pid) => pid !== gateway.pid);
      for (const pid of killed(gateway.pid!, children)) process.kill(pid, 'SIGKILL');
      await once(gateway, 'exit');
      const servers = await start(dataDir);
      expect(servers.databaseDirectUrl).toBe(databaseUrl);
      expect(await rows(databaseUrl, 'SELECT n FROM note')).toEqual([{ n: 5 }]);
      expect(children.length).toBeGreaterThan(4);
      expect(children.filter(isAlive)).toEqual([]);
    });
  }

  it('stops what it started when one cannot start', async () => {
    const dataDir = temporaryFolder();
    const env = { ...process.env, OPA_BIN: '/absent/opa' };
    await expect(start(dataDir, { env })).rejects.toThrow(/OPA_BIN/);
    expect(processesOf(dataDir)).toEqual([]);
    expect(existsSync(join(dataDir, 'gateway.lock'))).toBe(false);
    await start(dataDir);
  });

  it('stops what it started when it is told to give up', async () => {
    const dataDir = temporaryFolder();
    const stop = new AbortController();
    const attempt = expect(start(dataDir, { signal: stop.signal })).rejects.toThrow(/enough/);
    stop.abort(new Error('enough'));
    await attempt;
    expect(processesOf(dataDir)).toEqual([]);
  });
});
