import { setTimeout as delay } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { prepareJobsSchema } from '#libs/jobs';
import { createDataSource } from './data-source.ts';
import { APP_ROLE } from './database.ts';

/** Any fixed number: all replicas that migrate at once queue up on it. */
const MIGRATION_LOCK = 7_261_530_412;
const LOOK_MS = 100;

/**
 * Brings the schema up to date. Each migration is one transaction, or such that it can be run again, so a start that
 * is killed half way leaves the last whole migration and the next start goes on from there. Replicas that start together take turns.
 *
 * @param directUrl PostgreSQL without a pooler, as the owner of the schema
 * @returns the names of the migrations that ran now
 */
export async function migrate(directUrl: string): Promise<string[]> {
  const source = createDataSource({
    url: directUrl,
    poolSize: 2,
    statementTimeoutMs: 600_000,
    name: 'openclaw-migrate',
  });
  await source.initialize();
  const lock = source.createQueryRunner();
  try {
    // Asked again and again: a statement that waits would hold a snapshot, for which a concurrent index creation waits.
    while (!(await isOurs(lock))) await delay(LOOK_MS);
    const ran = await source.runMigrations();
    await prepareJobsSchema((sql) => lock.query(sql), APP_ROLE);
    return ran.map((migration) => migration.name);
  } finally {
    await lock.release().catch(() => undefined);
    await source.destroy();
  }
}

async function isOurs(lock: QueryRunner): Promise<boolean> {
  const [row]: { ours: boolean }[] = await lock.query('SELECT pg_try_advisory_lock($1) AS ours', [MIGRATION_LOCK]);
  return row?.ours ?? false;
}

/** Names of migrations that this build knows and the database has not run. */
export async function pendingMigrations(source: import('typeorm').DataSource): Promise<string[]> {
  const known = source.migrations.map((migration) => migration.name ?? migration.constructor.name);
  const rows: { name: string }[] = await source.query('SELECT name FROM schema_migrations');
  const done = new Set(rows.map((row) => row.name));
  return known.filter((name) => !done.has(name));
}
