import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { birthMark, isAlive, processesIn, terminate } from '../host/processes.ts';
import { spawnProcess } from '../host/spawn.ts';
import { processesOf, removeTemporaryFolders, temporaryFolder, until } from '../testing.ts';
import { findPostgresBinaries } from './binaries.ts';
import { clearLeftovers, readPostmasterFile } from './leftovers.ts';
import { PostgresServer, type PostgresOptions } from './postgres-server.ts';
import { allLaunchers, chooseLauncher } from './unprivileged.ts';

const running = new Set<PostgresServer>();
const lines: string[] = [];

async function start(dataDir: string, more: Partial<PostgresOptions> = {}): Promise<PostgresServer> {
  const server = await PostgresServer.start({ dataDir, progress: (line) => lines.push(line), ...more });
  running.add(server);
  return server;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end().catch(() => {});
  }
}

/** A postmaster that nobody looks after, as a killed gateway leaves it. */
async function startOrphan(dataDir: string, port: number): Promise<number> {
  const directory = join(dataDir, 'postgres');
  const { postgres } = findPostgresBinaries(dataDir);
  const launcher = await chooseLauncher(postgres, dataDir, process.env);
  const { command, args, options } = launcher.wrap(postgres, ['-D', directory, '-p', String(port)]);
  const child = await spawnProcess(command, args, { ...options, detached: true, stdio: 'ignore', cwd: '/' });
  await until('the orphan is ready', () => readPostmasterFile(directory)?.ready);
  return child.pid!;
}

afterEach(async () => {
  for (const server of running) await server.stop();
  running.clear();
  lines.length = 0;
});
afterAll(removeTemporaryFolders);

describe('PostgresServer', () => {
  it('starts an empty folder with its own roles, keeps everything private and leaves nothing running', async () => {
    const dataDir = temporaryFolder();
    const server = await start(dataDir);
    const pid = server.pid!;
    expect(readFileSync(`/proc/${pid}/comm`, 'utf8').trim()).toBe('postgres');
    await query(server.ownerUrl, 'CREATE TABLE note (text text)');
    await query(server.ownerUrl, 'GRANT SELECT ON note TO openclaw_app');
    await expect(query(server.appUrl, 'CREATE TABLE other (text text)')).rejects.toThrow(/permission denied/);
    expect(await query(server.appUrl, 'SELECT * FROM note')).toEqual([]);
    const [roles] = await query(
      server.adminUrl,
      `SELECT count(*) FILTER (WHERE rolsuper)::int AS super, count(*)::int AS all,
         pg_has_role('openclaw_owner', 'openclaw_app', 'member') AS member
       FROM pg_roles WHERE rolname LIKE 'openclaw%'`,
    );
    expect(roles).toEqual({ super: 0, all: 2, member: true });
    const [settings] = await query(
      server.adminUrl,
      `SELECT current_setting('data_checksums') AS sums, current_setting('fsync') AS fsync,
         current_setting('listen_addresses') AS listen, current_setting('server_encoding') AS encoding,
         current_setting('max_connections') AS connections, current_setting('password_encryption') AS passwords`,
    );
    expect(settings).toEqual({
      ...{ sums: 'on', fsync: 'on', listen: '127.0.0.1' },
      ...{ encoding: 'UTF8', connections: '200', passwords: 'scram-sha-256' },
    });
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataDir, 'secrets.json')).mode & 0o777).toBe(0o600);
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(new URL(server.appUrl).password);
    await expect(query(server.appUrl.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(/password/);
    await server.stop();
    await server.stop();
    expect(processesOf(dataDir)).toEqual([]);
    expect(existsSync(join(dataDir, 'gateway.lock'))).toBe(false);
  });

  it('comes back by itself with the committed data when the postmaster is killed', async () => {
    const exits: unknown[] = [];
    const server = await start(temporaryFolder(), { onExit: (exit) => exits.push(exit) });
    await query(server.ownerUrl, 'CREATE TABLE note AS SELECT 1 AS n');
    const before = server.pid!;
    const { appUrl, ownerUrl } = server;
    process.kill(before, 'SIGKILL');
    await until('the death is noticed', () => server.state !== 'running');
    await server.whenRunning();
    expect(server.pid).not.toBe(before);
    expect(await query(ownerUrl, 'SELECT n FROM note')).toEqual([{ n: 1 }]);
    expect(await query(appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(exits).toEqual([{ code: null, signal: 'SIGKILL', unexpected: true }]);
  });

  it('comes back again and again, and can be stopped while it does', async () => {
    const dataDir = temporaryFolder();
    const server = await start(dataDir);
    for (let round = 0; round < 3; round++) {
      server.kill('SIGKILL');
      await until('the death is noticed', () => server.state !== 'running');
      if (round < 2) await server.whenRunning();
    }
    const waiting = expect(server.whenRunning()).rejects.toThrow(/stopped/);
    await server.stop();
    await waiting;
    expect(processesOf(dataDir)).toEqual([]);
  });

  it('survives the kill of a backend', async () => {
    const server = await start(temporaryFolder());
    const postmaster = server.pid;
    const client = new Client({ connectionString: server.appUrl });
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    process.kill(rows[0]!.pid, 'SIGKILL');
    const answer = await until('it answers again', () =>
      query(server.appUrl, 'SELECT 1 AS one').catch(() => undefined),
    );
    expect(answer).toEqual([{ one: 1 }]);
    expect(server.pid).toBe(postmaster);
  });

  it('starts again after everything was killed at once', async () => {
    const dataDir = temporaryFolder();
    const first = await start(dataDir);
    await query(first.ownerUrl, 'CREATE TABLE note AS SELECT 7 AS n');
    // Freezing the postmaster first keeps it from cleaning up after its backends.
    const all = [first.pid!, ...processesIn(join(dataDir, 'postgres'))];
    first.kill('SIGSTOP');
    const stopped = first.stop();
    for (const pid of all) process.kill(pid, 'SIGKILL');
    await stopped;
    // What a dead machine leaves: a postmaster.pid, here with the pid of a living stranger.
    writeFileSync(
      join(dataDir, 'postgres', 'postmaster.pid'),
      `${process.pid}\n${dataDir}/postgres\n0\n5\n\n\n\nready\n`,
    );
    const second = await start(dataDir);
    expect(second.port).toBe(first.port);
    expect(await query(second.ownerUrl, 'SELECT n FROM note')).toEqual([{ n: 7 }]);
  });

  it('stops an orphaned postmaster with its clients and starts in its place', async () => {
    const dataDir = temporaryFolder();
    const first = await start(dataDir);
    await first.stop();
    const orphan = await startOrphan(dataDir, first.port);
    const client = new Client({ connectionString: first.appUrl });
    client.on('error', () => {});
    await client.connect();
    const second = await start(dataDir);
    expect(isAlive(orphan)).toBe(false);
    expect(second.port).toBe(first.port);
    expect(lines.join('\n')).toContain(`process ${orphan}`);
    expect(await query(second.appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('ends backends that outlived their postmaster, and nobody else who is in the folder', async () => {
    const dataDir = temporaryFolder();
    const first = await start(dataDir);
    await first.stop();
    const directory = join(dataDir, 'postgres');
    const orphan = await startOrphan(dataDir, first.port);
    const backends = processesIn(directory).filter((pid) => pid !== orphan);
    const bystander = spawn('sleep', ['60'], { cwd: directory, stdio: 'ignore' });
    for (const pid of backends) process.kill(pid, 'SIGSTOP'); // too busy to notice that the postmaster is gone
    process.kill(orphan, 'SIGKILL');
    await clearLeftovers(directory, () => {});
    expect(backends.length).toBeGreaterThan(2);
    expect(backends.filter(isAlive)).toEqual([]);
    expect(isAlive(bystander.pid!)).toBe(true);
    await terminate([bystander.pid!], [['SIGKILL', 5_000]]);
  });

  it('begins anew where an initdb was interrupted', async () => {
    const dataDir = temporaryFolder();
    const draft = join(dataDir, 'postgres.init-0123abcd', 'data');
    mkdirSync(draft, { recursive: true });
    writeFileSync(join(draft, 'PG_VERSION'), '16\n');
    const leftover = spawn('sh', ['-c', 'sleep 60', draft], { stdio: 'ignore' });
    const server = await start(dataDir);
    expect(await query(server.appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(readdirSync(dataDir).filter((name) => name.includes('init'))).toEqual([]);
    expect(isAlive(leftover.pid!)).toBe(false);
  });

  it('names both versions when the data is of another PostgreSQL', async () => {
    const dataDir = temporaryFolder();
    mkdirSync(join(dataDir, 'postgres'));
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '15\n');
    await expect(start(dataDir)).rejects.toMatchObject({
      code: 'wrong_version',
      message: expect.stringMatching(/PostgreSQL 15, and this is PostgreSQL 16/),
    });
    expect(existsSync(join(dataDir, 'gateway.lock'))).toBe(false);
  });

  it('refuses a folder that is not its own', async () => {
    const dataDir = temporaryFolder();
    mkdirSync(join(dataDir, 'postgres'));
    writeFileSync(join(dataDir, 'postgres', 'photo.jpg'), '');
    await expect(start(dataDir)).rejects.toThrow(/not a PostgreSQL data directory/);
  });

  it('names the path that cannot be written', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    for (const path of [join(file, 'data'), file]) {
      await expect(start(path)).rejects.toMatchObject({ code: 'not_writable', message: expect.stringContaining(path) });
    }
  });

  it('takes another port when the old one is taken', async () => {
    const dataDir = temporaryFolder();
    const first = await start(dataDir);
    await first.stop();
    const other = createServer().listen(first.port, '127.0.0.1');
    await until('the port is taken', () => other.listening);
    const second = await start(dataDir);
    expect(second.port).not.toBe(first.port);
    expect(await query(second.appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await new Promise((resolve) => other.close(resolve));
  });

  it('refuses a second gateway on the same folder, and takes no recycled pid for one', async () => {
    const dataDir = temporaryFolder();
    const server = await start(dataDir);
    await expect(start(dataDir)).rejects.toMatchObject({
      code: 'in_use',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    expect(await query(server.appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
    // This pid is alive, but was born at another time.
    writeFileSync(
      join(dataDir, 'gateway.lock'),
      JSON.stringify({ pid: process.pid, born: `${birthMark(process.pid)}0` }),
    );
    const again = await start(dataDir);
    expect(again.state).toBe('running');
  });

  it('runs side by side with another', async () => {
    const [one, other] = await Promise.all([start(temporaryFolder()), start(temporaryFolder())]);
    expect(one.port).not.toBe(other.port);
    await one.stop();
    expect(await query(other.appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('says that the password file is not the right one', async () => {
    const dataDir = temporaryFolder();
    await (await start(dataDir)).stop();
    writeFileSync(join(dataDir, 'secrets.json'), '{}');
    await expect(start(dataDir)).rejects.toThrow(/secrets\.json/);
    expect(processesOf(dataDir)).toEqual([]);
  });

  // Ways to run as root exist for root alone: others have nothing to test.
  const asRoot: typeof it | (() => void) = process.getuid?.() === 0 ? it : () => undefined;
  for (const [index, name] of ['a user namespace', 'capabilities', 'another user'].entries()) {
    asRoot(`runs as root by ${name}, whoever owned the files before`, async () => {
      const dataDir = temporaryFolder();
      if (index < 2) await (await start(dataDir, { launchers: [allLaunchers()[(index + 1) % 2]!] })).stop();
      const server = await start(dataDir, { launchers: [allLaunchers()[index]!] });
      await query(server.ownerUrl, 'CREATE TABLE note AS SELECT 1 AS n');
      server.kill('SIGKILL');
      await until('the death is noticed', () => server.state !== 'running');
      await server.whenRunning();
      expect(await query(server.ownerUrl, 'SELECT n FROM note')).toEqual([{ n: 1 }]);
      await server.stop();
      expect(processesOf(dataDir)).toEqual([]);
    });
  }

  asRoot('says what to do when no way to run as root works', async () => {
    const broken = { ...allLaunchers()[0]!, wrap: () => ({ command: '/bin/false', args: [], options: {} }) };
    await expect(start(temporaryFolder(), { launchers: [broken] })).rejects.toThrow(/ordinary user.*DATABASE_URL/);
  });
});
