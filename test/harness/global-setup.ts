import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainOpa, PostgresServer } from '#libs/profile';

/** What the whole run shares: one PostgreSQL 16 (each test file makes a database of its own) and an OPA binary. */
export default async function globalSetup(): Promise<void> {
  const say = (line: string) => void process.stdout.write(`  ${line}\n`);
  const dataDir = mkdtempSync(join(tmpdir(), 'oce-test-'));
  process.env.OPA_BIN ??= await obtainOpa({ dataDir, progress: say });
  const postgres = await PostgresServer.start({ dataDir, progress: () => undefined });
  process.env.OCE_TEST_ADMIN_URL = postgres.adminUrl;
  process.env.OCE_TEST_OWNER_URL = postgres.ownerUrl;
  process.env.OCE_TEST_APP_URL = postgres.appUrl;
  (globalThis as SharedServers).oceShared = { postgres, dataDir };
}

export type SharedServers = typeof globalThis & { oceShared?: { postgres: PostgresServer; dataDir: string } };
