import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { migrate } from '#libs/database';

/** A database of one test file, migrated, on the PostgreSQL that the whole run shares. */
export interface TestDatabase {
  /** As the application signs in: no rights on the schema. */
  readonly appUrl: string;
  /** As the owner of the schema, with whom migrations run. */
  readonly ownerUrl: string;
  /** As a superuser, for looking at what is really there. */
  readonly adminUrl: string;
  drop(): Promise<void>;
}

export async function freshDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const [admin, owner, app] = ['ADMIN', 'OWNER', 'APP'].map((role) => process.env[`OCE_TEST_${role}_URL`]);
  if (!admin || !owner || !app) throw new Error('OCE_TEST_…_URL is not set: the global set-up starts PostgreSQL');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(admin, (client) => client.query(`CREATE DATABASE ${name} OWNER openclaw_owner`));
  const database = {
    appUrl: inDatabase(app, name),
    ownerUrl: inDatabase(owner, name),
    adminUrl: inDatabase(admin, name),
    drop: () =>
      withClient(admin, async (client) => void (await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))),
  };
  if (options.migrated ?? true) await migrate(database.ownerUrl);
  return database;
}

function inDatabase(url: string, name: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${name}`;
  return parsed.href;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
