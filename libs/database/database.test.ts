import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createDataSource, Database, isUnavailable, migrate, type Transaction } from './index.ts';
import { freshDatabase, type TestDatabase } from '../../test/harness/database.ts';

let server: TestDatabase;
let database: Database;

beforeAll(async () => {
  server = await freshDatabase();
  const source = createDataSource({ url: server.appUrl, poolSize: 3, statementTimeoutMs: 5_000, name: 'test' });
  await source.initialize();
  database = new Database(source);
  await database.system((tx) =>
    tx.query(`INSERT INTO tenants (tenant_id, name) VALUES ('acme', 'Acme'), ('globex', 'Globex')`),
  );
});
afterAll(async () => {
  await database?.source.destroy();
  await server?.drop();
});

describe('the door to the database', () => {
  test('a transaction of one tenant sees that tenant only', async () => {
    const rows = await database.tenant('acme', (tx) => tx.query('SELECT tenant_id FROM tenants'));
    expect(rows).toEqual([{ tenant_id: 'acme' }]);
  });

  test('a transaction of one tenant cannot write for another', async () => {
    const writing = database.tenant('acme', (tx) => tx.query(`INSERT INTO orgs VALUES ('globex', 'x', 'x')`));
    await expect(writing).rejects.toThrow(/row-level security/);
  });

  test('a query outside a transaction of the door sees nothing', async () => {
    expect(await database.source.query('SELECT * FROM tenants')).toEqual([]);
  });

  test('the owner of the schema is bound too', async () => {
    const owner = createDataSource({ url: server.ownerUrl, poolSize: 1, statementTimeoutMs: 5_000, name: 'test' });
    await owner.initialize();
    expect(await owner.query('SELECT * FROM tenants')).toEqual([]);
    await owner.destroy();
  });

  test('work across tenants sees all', async () => {
    const rows = await database.system((tx) => tx.query('SELECT tenant_id FROM tenants ORDER BY 1'));
    expect(rows).toHaveLength(2);
  });

  test('a failed transaction leaves nothing behind', async () => {
    const failing = database.tenant('acme', async (tx) => {
      await tx.query(`INSERT INTO orgs VALUES ('acme', 'gone', 'gone')`);
      throw new Error('half way');
    });
    await expect(failing).rejects.toThrow('half way');
    expect(await database.tenant('acme', (tx) => tx.query(`SELECT * FROM orgs WHERE id = 'gone'`))).toEqual([]);
  });

  test('something that is not a tenant id never reaches SQL', async () => {
    await expect(database.tenant(`x'; DROP TABLE users; --`, async () => 1)).rejects.toThrow('Not a tenant id');
  });

  test('migrations started by several replicas at once run once', async () => {
    const empty = await freshDatabase({ migrated: false });
    const runs = await Promise.all([migrate(empty.ownerUrl), migrate(empty.ownerUrl), migrate(empty.ownerUrl)]);
    expect(runs.filter((names) => names.length > 0)).toHaveLength(1);
    await empty.drop();
  });

  test.each<[string, (tx: Transaction, ended: () => Promise<void>) => Promise<unknown>]>([
    ['between two statements', (tx, ended) => ended().then(() => tx.query('SELECT 1'))],
    ['between the last statement and the commit', (_tx, ended) => ended()],
    ['during a statement', (tx, ended) => Promise.all([tx.query('SELECT pg_sleep(10)'), ended()])],
  ])('a connection that breaks %s is a database that is away', async (_when, work) => {
    const broken = await database
      .tenant('acme', async (tx) => {
        const [{ pid }] = await tx.query('SELECT pg_backend_pid() AS pid');
        const gone = new Promise<void>((resolve) => {
          const connection = tx.queryRunner!.connect() as Promise<{ once(event: 'end', then: () => void): void }>;
          void connection.then((client) => client.once('end', resolve));
        });
        await work(tx, async () => {
          const admin = new pg.Client(server.adminUrl);
          await admin.connect();
          await admin.query('SELECT pg_terminate_backend($1)', [pid]);
          await admin.end();
          await gone;
        });
      })
      .catch((error: unknown) => error);
    expect([broken, isUnavailable(broken)]).toEqual([expect.any(Error), true]);
    expect(await database.tenant('acme', (tx) => tx.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  });

  test('a database that is away is told from a wrong query', async () => {
    const away = createDataSource({
      url: 'postgres://x:y@127.0.0.1:1/z',
      poolSize: 1,
      statementTimeoutMs: 100,
      name: 'test',
    });
    expect(isUnavailable(await away.initialize().catch((error: unknown) => error))).toBe(true);
    expect(isUnavailable(await database.source.query('SELEKT').catch((error: unknown) => error))).toBe(false);
  });
});
