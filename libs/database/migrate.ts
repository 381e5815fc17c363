import { prepareJobsSchema } from '#libs/jobs';
import { createDataSource } from './data-source.ts';
import { APP_ROLE } from './database.ts';

/** Any fixed number: all replicas that migrate at once queue up on it. */
const MIGRATION_LOCK = 7_261_530_412;

/**
 * Brings the schema up to date. Each migration is one transaction, so a start that is killed half way leaves the last
 * whole migration and the next start goes on from there. Replicas that start together take turns.
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
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const ran = await source.runMigrations();
    await prepareJobsSchema((sql) => lock.query(sql), APP_ROLE);
    return ran.map((migration) => migration.name);
  } finally {
    await lock.release().catch(() => undefined);
    await source.destroy();
  }
}

/** Names of migrations that this build knows and the database has not run. */
export async function pendingMigrations(source: import('typeorm').DataSource): Promise<string[]> {
  const known = source.migrations.map((migration) => migration.name ?? migration.constructor.name);
  const rows: { name: string }[] = await source.query('SELECT name FROM schema_migrations');
  const done = new Set(rows.map((row) => row.name));
  return known.filter((name) => !done.has(name));
}
