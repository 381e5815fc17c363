import { createRequire } from 'node:module';
import { getConstructionPlans, getMigrationPlans } from 'pg-boss';

/** Where pg-boss keeps its tables. */
export const JOBS_SCHEMA = 'pgboss';

const { pgboss } = createRequire(import.meta.url)('pg-boss/package.json') as { pgboss: { schema: number } };

type Query = (sql: string) => Promise<Record<string, unknown>[]>;

/**
 * Brings the tables of pg-boss up to the version that this build needs, and lets the application use them. Part of the
 * migration step: the gateway's own login may make no tables. Safe to repeat, also after a crash at any point.
 *
 * @param query runs statements as the owner of the schema, without a pooler and outside a transaction
 */
export async function prepareJobsSchema(query: Query, role: string): Promise<void> {
  const [found] = await query(`SELECT to_regclass('${JOBS_SCHEMA}.version') AS name`);
  if (found?.name) {
    const [row] = await query(`SELECT version FROM ${JOBS_SCHEMA}.version`);
    const present = Number(row?.version);
    if (present < pgboss.schema) await query(getMigrationPlans(JOBS_SCHEMA, present));
  } else await query(getConstructionPlans(JOBS_SCHEMA));
  await query(`
    GRANT USAGE ON SCHEMA ${JOBS_SCHEMA} TO ${role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${JOBS_SCHEMA} TO ${role};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${JOBS_SCHEMA} TO ${role};
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${JOBS_SCHEMA} TO ${role};
  `);
}
