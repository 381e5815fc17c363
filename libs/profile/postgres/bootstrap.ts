/** Roles and database of the product. Safe to repeat. */
import { Client } from 'pg';
import { ProfileError } from '../errors.ts';

export const DATABASE = 'openclaw';
export const OWNER_ROLE = 'openclaw_owner';
export const APP_ROLE = 'openclaw_app';

export interface Passwords {
  admin: string;
  owner: string;
  app: string;
}

export function connectionUrl(user: string, password: string, port: number, database: string): string {
  return `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/**
 * The owner makes and alters tables, the app only uses them. The owner belongs to the app's role, so that it can grant
 * and check what the app may do. Neither is a superuser.
 */
export async function bootstrap(adminUrl: string, passwords: Passwords): Promise<void> {
  const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {}); // a server that goes away is noticed by the query
  try {
    await client.connect();
    for (const [role, password] of [
      [OWNER_ROLE, passwords.owner],
      [APP_ROLE, passwords.app],
    ] as const) {
      const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
      // Role names are ours and the password is base64url, so quoting is all they need.
      await client.query(
        `${rowCount ? 'ALTER' : 'CREATE'} ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS ` +
          `PASSWORD '${password.replaceAll("'", "''")}'`,
      );
    }
    await client.query(`GRANT ${APP_ROLE} TO ${OWNER_ROLE}`);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (!rowCount) await client.query(`CREATE DATABASE ${DATABASE} OWNER ${OWNER_ROLE}`);
    await client.query(`REVOKE ALL ON DATABASE ${DATABASE} FROM PUBLIC`);
    await client.query(`GRANT CONNECT, TEMPORARY ON DATABASE ${DATABASE} TO ${APP_ROLE}`);
  } catch (error) {
    if ((error as { code?: string }).code !== '28P01') throw error;
    throw new ProfileError(
      'failed',
      'PostgreSQL does not accept the password in secrets.json: the file is not the one the database was made with. ' +
        'Restore it, or move the whole data folder away to start anew.',
      { cause: error },
    );
  } finally {
    await client.end().catch(() => {});
  }
}
