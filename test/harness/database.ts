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
  const server = process.env.OCE_TEST_PG;
  if (!server) throw new Error('OCE_TEST_PG is not set: the global set-up starts PostgreSQL');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(server, (client) => client.query(`CREATE DATABASE ${name} OWNER openclaw_owner`));
  const url = (user?: string) => {
    const parsed = new URL(server);
    if (user) parsed.username = user;
    parsed.pathname = `/${name}`;
    return parsed.href;
  };
  const database = {
    appUrl: url('openclaw_app'),
    ownerUrl: url('openclaw_owner'),
    adminUrl: url(),
    drop: () =>
      withClient(server, async (client) => void (await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))),
  };
  if (options.migrated ?? true) await migrate(database.ownerUrl);
  return database;
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
