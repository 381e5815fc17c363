import { type AuditMetrics, Completeness, PostgresSink } from '#audit';
import { SystemClock } from '#libs/clock';
import type { Database } from '#libs/database';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { AuditTerms1764000006000 } from '../../migrations/1764000006000-audit-terms.ts';
import { freshDatabase, type TestDatabase } from '../harness/database.ts';
import { admin, CountingMetrics, entry, openDatabase, openLog, type OpenLog } from './support.ts';

let server: TestDatabase;
let database: Database;
let opened: OpenLog;
let partition: string;

beforeAll(async () => {
  server = await freshDatabase();
  database = await openDatabase(server);
  opened = openLog(server.appUrl, new SystemClock());
  for (const tenantId of ['acme', 'globex']) await opened.log.append(entry({ tenantId }));
  const { rows } = await admin(server, (client) =>
    client.query('SELECT tableoid::regclass::text AS tab FROM audit_entries'),
  );
  partition = rows[0].tab;
});
afterAll(async () => {
  await opened?.log.drain();
  await database?.source.destroy();
  await server?.drop();
});

async function attempt(url: string, ...statements: string[]): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    let answer = '';
    for (const sql of statements) answer = `${(await client.query(sql)).rowCount} rows`;
    return answer;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.end();
  }
}

describe('the log is append-only', () => {
  const changes = (table: string) => [
    `UPDATE ${table} SET outcome = 'success'`,
    `UPDATE ${table} SET outcome = 'success' WHERE false`,
    `DELETE FROM ${table}`,
    `TRUNCATE ${table}`,
    `MERGE INTO ${table} e USING (VALUES (1)) v(x) ON true WHEN MATCHED THEN DELETE`,
  ];

  test('for the application, which has no right even to insert', async () => {
    for (const table of ['audit_entries', partition, 'audit_log']) {
      for (const sql of changes(table))
        expect(await attempt(server.appUrl, sql)).toMatch(/permission denied|is not a table|cannot execute MERGE/);
    }
    expect(await attempt(server.appUrl, `INSERT INTO audit_entries (id) VALUES ('x')`)).toMatch(/permission denied/);
    expect(await attempt(server.appUrl, `SELECT * FROM ${partition}`)).toMatch(/permission denied/);
    expect(await attempt(server.appUrl, 'UPDATE audit_writers SET last_seq = 0')).toMatch(/permission denied/);
  });

  test('for the owner of the schema and the superuser, through every partition too', async () => {
    for (const url of [server.ownerUrl, server.adminUrl]) {
      for (const table of ['audit_entries', partition]) {
        for (const sql of changes(table)) expect(await attempt(url, sql)).toMatch(/append-only|permission denied/);
      }
    }
    const untouched = await admin(server, (client) => client.query('SELECT FROM audit_entries'));
    expect(untouched.rowCount).toBe(2);
  });

  test('every partition carries the trigger', async () => {
    const { rows } = await admin(server, (client) =>
      client.query(`SELECT inhrelid::regclass::text AS tab FROM pg_inherits
        WHERE inhparent = 'audit_entries'::regclass AND NOT EXISTS (
          SELECT FROM pg_trigger WHERE tgrelid = inhrelid AND tgname = 'append_only' AND tgenabled = 'O')`),
    );
    expect(rows).toEqual([]);
  });
});

describe('tenants are apart', () => {
  test('in the table, in the view and in what is known of writers', async () => {
    for (const table of ['audit_entries', 'audit_log', 'audit_writers']) {
      const rows = await database.tenant('acme', (tx) => tx.query(`SELECT tenant_id FROM ${table}`));
      expect(rows).toEqual([{ tenant_id: 'acme' }]);
      expect(await attempt(server.appUrl, `SELECT * FROM ${table}`)).toBe('0 rows');
    }
  });
});

describe('partitions', () => {
  test('three callers at once make each month once', async () => {
    const sinks = [1, 2, 3].map(() => new PostgresSink({ url: server.appUrl, name: 'partitions', timeoutMs: 10_000 }));
    const made = await Promise.all(sinks.map((sink) => sink.ensurePartitions(30)));
    expect(made.flat().sort()).toEqual([...new Set(made.flat())].sort());
    expect(made.flat()).toHaveLength(18);
    expect(await sinks[0]?.ensurePartitions(30)).toEqual([]);
    await Promise.all(sinks.map((sink) => sink.end()));
  });

  test('the migration makes this month and twelve ahead, each from its first moment in UTC to the next', async () => {
    const fresh = await freshDatabase();
    const { rows } = await admin(fresh, (client) =>
      client
        .query<{ bounds: string }>(
          `SET timezone = 'UTC';
        SELECT pg_get_expr(relpartbound, oid) AS bounds FROM pg_class
        WHERE relispartition AND relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname`,
        )
        .then((results) => (results as unknown as pg.QueryResult[])[1]!),
    );
    expect(rows).toHaveLength(13);
    const edge = (month: number) => {
      const now = new Date();
      return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + month)).toISOString().slice(0, 10);
    };
    rows.forEach(({ bounds }, n) => {
      expect(bounds).toBe(`FOR VALUES FROM ('${edge(n)} 00:00:00+00') TO ('${edge(n + 1)} 00:00:00+00')`);
    });
    await fresh.drop();
  });
});

describe('completeness', () => {
  const check = (tenantId: string, full = false) =>
    new Completeness(database, new CountingMetrics() as AuditMetrics).check(tenantId, { full });
  const remove = (tenantId: string, seqs: number[]) =>
    admin(server, (client) =>
      client.query(`SET session_replication_role = replica;
        DELETE FROM audit_entries WHERE tenant_id = '${tenantId}' AND writer_seq IN (${seqs.join()})`),
    );

  test('a log with all its entries has no gaps', async () => {
    const metrics = new CountingMetrics();
    for (let n = 0; n < 12; n++) await opened.log.append(entry({ tenantId: 'whole' }));
    const report = await new Completeness(database, metrics).check('whole');
    expect(report).toMatchObject({ gaps: [], writers: [{ entries: 12, from: 1, to: 12, open: true }] });
    expect(metrics.missingOf).toEqual({ whole: 0 });
  });

  test('entries that somebody deletes are named, at the beginning, in the middle and at the end, before and after a check', async () => {
    for (let n = 0; n < 10; n++) await opened.log.append(entry({ tenantId: 'holes' }));
    await remove('holes', [1, 4, 5]);
    const first = await check('holes');
    const writer = first.writers[0]?.writer;
    expect(first.gaps).toEqual([
      { writer, after: 0, before: 2, missing: 1 },
      { writer, after: 3, before: 6, missing: 2 },
    ]);
    expect(first.writers[0]).toMatchObject({ entries: 7, to: 10 });
    await remove('holes', [6, 10]);
    expect((await check('holes')).gaps).toEqual([
      { writer, after: 0, before: 2, missing: 1 },
      { writer, after: 3, before: 7, missing: 3 },
      { writer, after: 9, before: 11, missing: 1 },
    ]);
    expect(await check('holes', true)).toEqual(await check('holes'));
    expect((await check('acme')).gaps).toEqual([]);
  });

  test('entries that the database forgot after it had confirmed them leave a gap', async () => {
    for (let n = 0; n < 5; n++) await opened.log.append(entry({ tenantId: 'restored' }));
    await remove('restored', [4, 5]);
    await admin(server, (client) => client.query(`UPDATE audit_writers SET last_seq = 3 WHERE tenant_id = 'restored'`));
    await opened.log.append(entry({ tenantId: 'restored' }));
    expect((await check('restored')).gaps).toMatchObject([{ after: 3, before: 6, missing: 2 }]);
  });
});

describe('the index of terms', () => {
  const without = `SELECT part.inhrelid::regclass::text AS tab FROM pg_inherits part
    WHERE inhparent = 'audit_entries'::regclass AND NOT EXISTS (
      SELECT FROM pg_index JOIN pg_inherits index ON index.inhrelid = indexrelid
      WHERE indrelid = part.inhrelid AND index.inhparent = 'audit_entries_terms'::regclass AND indisvalid)`;
  const found = (tenantId: string) =>
    database.tenant(tenantId, (tx) => tx.query(`SELECT id FROM audit_search WHERE terms @@ 'outcome/success'`));

  test('is there for each partition, also for one made later', async () => {
    await admin(server, async (client) => {
      expect((await client.query('SELECT audit_ensure_partitions(50) AS made')).rows[0].made).not.toEqual([]);
      expect((await client.query(without)).rows).toEqual([]);
    });
  });

  test('is made for what is stored already; a migration that was cut goes on', async () => {
    const before = await found('globex');
    expect(before.length).toBeGreaterThan(0);
    const owner = new pg.Client(server.ownerUrl);
    await owner.connect();
    const runner = { query: async (sql: string) => (await owner.query(sql)).rows } as unknown as QueryRunner;
    let attached = 0;
    const cut = {
      query: (sql: string) =>
        sql.includes('ATTACH PARTITION') && ++attached > 3 ? Promise.reject(new Error('cut')) : runner.query(sql),
    } as unknown as QueryRunner;
    const migration = new AuditTerms1764000006000();
    try {
      await migration.down(runner);
      await expect(migration.up(cut)).rejects.toThrow('cut');
      await migration.up(runner);
      await migration.up(runner);
      expect((await owner.query(without)).rows).toEqual([]);
      expect(await found('globex')).toEqual(before);
    } finally {
      await owner.end();
    }
  });
});
