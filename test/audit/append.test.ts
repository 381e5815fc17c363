import { type AuditLog, timeOf, UlidSource } from '#audit';
import { SystemClock } from '#libs/clock';
import type { Database } from '#libs/database';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../harness/database.ts';
import {
  admin,
  broken,
  entry,
  holdWrites,
  ManualClock,
  openDatabase,
  openLog as open,
  type OpenLog,
  stored,
  until,
} from './support.ts';

let server: TestDatabase;
let database: Database;
const logs: AuditLog[] = [];

function openLog(...args: Parameters<typeof open>): OpenLog {
  const opened = open(...args);
  logs.push(opened.log);
  return opened;
}

beforeAll(async () => {
  server = await freshDatabase();
  database = await openDatabase(server);
});
afterEach(async () => {
  await Promise.all(logs.splice(0).map((log) => log.drain()));
});
afterAll(async () => {
  await database?.source.destroy();
  await server?.drop();
});

describe('appending', () => {
  test('a resolved entry is visible from another connection, with the time of its id', async () => {
    const { log } = openLog(server.appUrl, new SystemClock());
    const { id } = await log.append(entry({ tenantId: 'durable', actionDetail: 'plain text' }));
    const [row] = await admin(server, async (client) => {
      return (await client.query('SELECT * FROM audit_entries WHERE id = $1', [id])).rows;
    });
    expect(row).toMatchObject({
      tenant_id: 'durable',
      action_detail: 'plain text',
      writer_seq: '1',
      team_ids: ['platform'],
    });
    expect(row.timestamp.getTime()).toBe(timeOf(id));
  });

  test('entries that come together share statements', async () => {
    const { log, sink } = openLog(server.appUrl, new SystemClock());
    await Promise.all(
      Array.from({ length: 2_000 }, (_, n) => log.append(entry({ tenantId: 'group', actionDetail: `${n}` }))),
    );
    expect(sink.statements).toBeLessThan(20);
    expect(await stored(server, 'group')).toHaveLength(2_000);
  });

  test('ids and numbers follow the order of the calls', async () => {
    const { log } = openLog(server.appUrl, new SystemClock(), { batchLimit: 7 });
    const calls = Array.from({ length: 300 }, (_, n) =>
      log.append(entry({ tenantId: n % 3 === 0 ? 'order-a' : 'order-b', actionDetail: String(n) })),
    );
    const ids = (await Promise.all(calls)).map(({ id }) => id);
    expect([...ids].sort()).toEqual(ids);
    for (const tenant of ['order-a', 'order-b']) {
      const entries = await stored(server, tenant);
      expect(broken(entries)).toEqual([]);
      const byWriter = Map.groupBy(entries, ({ writer }) => writer);
      for (const own of byWriter.values()) {
        const details = own.map(({ detail }) => Number(detail));
        expect([...details].sort((a, b) => a - b)).toEqual(details);
      }
    }
  });

  test('the entries of one call are stored all or none', async () => {
    const { log } = openLog(server.appUrl, new SystemClock());
    const { ids } = await log.appendAll([entry({ tenantId: 'all' }), entry({ tenantId: 'all' })]);
    expect((await stored(server, 'all')).map(({ id }) => id)).toEqual(ids);
    const bad = log.appendAll([entry({ tenantId: 'all' }), entry({ tenantId: 'all', actionDetail: { a: '\u0000' } })]);
    await expect(bad).rejects.toMatchObject({ code: 'validation_failed' });
    expect(await stored(server, 'all')).toHaveLength(2);
  });

  test('an id given twice is stored once and both calls resolve', async () => {
    const { log } = openLog(server.appUrl, new SystemClock());
    const other = openLog(server.appUrl, new SystemClock());
    const id = new UlidSource(new SystemClock()).next();
    const same = entry({ tenantId: 'twice' });
    await Promise.all([
      log.append(same, { id }),
      log.append(same),
      log.append(same, { id }),
      other.log.append(same, { id }),
    ]);
    await log.append(same, { id });
    await log.append(same);
    const entries = await stored(server, 'twice');
    expect(entries).toHaveLength(3);
    expect(broken(entries)).toEqual([]);
  });

  test('an id of one tenant cannot silence an entry of another', async () => {
    const { log } = openLog(server.appUrl, new SystemClock());
    const { id } = await log.append(entry({ tenantId: 'first' }));
    await expect(log.append(entry({ tenantId: 'second' }), { id })).rejects.toMatchObject({ code: 'conflict' });
    await log.append(entry({ tenantId: 'second' }));
    expect(broken(await stored(server, 'second'))).toEqual([]);
  });

  test('an entry that the checks let through and PostgreSQL refuses fails alone', async () => {
    const { log } = openLog(server.appUrl, new SystemClock());
    let deep: Record<string, unknown> = {};
    for (let n = 0; n < 9_000; n++) deep = { a: deep };
    const calls = Array.from({ length: 50 }, (_, n) =>
      log.append(entry({ tenantId: 'poison', actionDetail: n === 20 ? { deep } : String(n) })),
    );
    const results = await Promise.allSettled(calls);
    const failed = results.flatMap((result, n) => (result.status === 'rejected' ? [n] : []));
    expect(failed).toEqual([20]);
    expect(results[20]).toMatchObject({ reason: { code: 'validation_failed' } });
    const entries = await stored(server, 'poison');
    expect(entries).toHaveLength(49);
    expect(broken(entries)).toEqual([]);
  });

  test.each([
    ['NUL in a value', { actionDetail: { text: 'a\u0000b' } }],
    ['NUL in a name', { actionDetail: { 'a\u0000': 1 } }],
    ['half a surrogate pair', { policyReason: 'a\ud800b' }],
    ['more than 64 KiB of detail', { actionDetail: 'é'.repeat(33_000) }],
    ['an empty user id', { userId: '' }],
    ['a tenant id that is none', { tenantId: 'A B' }],
  ])('%s is refused before it waits', async (_, fields) => {
    const { log, sink } = openLog(server.appUrl, new SystemClock());
    await expect(log.append(entry(fields))).rejects.toMatchObject({ code: 'validation_failed' });
    expect(sink.statements).toBe(0);
  });

  test('text that only looks like an escape is kept', async () => {
    const { log } = openLog(server.appUrl, new SystemClock());
    const detail = { path: 'C:\\u0000', control: '\u0001', emoji: '👩‍🚀' };
    await log.append(entry({ tenantId: 'escapes', actionDetail: detail }));
    expect((await stored(server, 'escapes'))[0]?.detail).toEqual(detail);
  });

  test('a full queue refuses at once with Retry-After, and takes entries again afterwards', async () => {
    const clock = new ManualClock();
    const { log, metrics } = openLog(server.appUrl, clock, { queueLimit: 100 });
    const release = await holdWrites(server);
    const waiting = Array.from({ length: 100 }, () => log.append(entry({ tenantId: 'full' })));
    await expect(log.append(entry({ tenantId: 'full' }))).rejects.toMatchObject({
      code: 'overloaded',
      extras: { retryAfter: 1 },
    });
    expect(metrics.depth()).toBe(100);
    await release();
    await Promise.all(waiting);
    await log.append(entry({ tenantId: 'full' }));
    expect(await stored(server, 'full')).toHaveLength(101);
    expect(metrics).toMatchObject({ entries: 101, failures: { overloaded: 1 } });
    expect(metrics.depth()).toBe(0);
  });

  test('a month without a partition gets one, and what has none even then is an error of that entry alone', async () => {
    const { log } = openLog(server.appUrl, new SystemClock());
    await admin(server, (client) =>
      client.query(`DO $$ BEGIN
        EXECUTE 'ALTER TABLE audit_entries DETACH PARTITION audit_entries_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM');
        EXECUTE 'ALTER TABLE audit_entries_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM') || ' RENAME TO away';
      END $$`),
    );
    const ancient = log.append(entry({ tenantId: 'months' }), { id: '01BX5ZZKBKACTAV9WEVGEMMVRZ' });
    const [now, then] = await Promise.allSettled([log.append(entry({ tenantId: 'months' })), ancient]);
    expect(now.status).toBe('fulfilled');
    expect(then).toMatchObject({ status: 'rejected', reason: { code: 'audit_unavailable' } });
    expect(broken(await stored(server, 'months'))).toEqual([]);
    await admin(server, (client) => client.query('DROP TABLE away'));
  });

  test('shutting down writes what waits, states the final numbers and takes nothing more', async () => {
    const { log } = openLog(server.appUrl, new SystemClock());
    const waiting = Array.from({ length: 30 }, () => log.append(entry({ tenantId: 'closing' })));
    await log.onApplicationShutdown();
    await Promise.all(waiting);
    await expect(log.append(entry())).rejects.toMatchObject({ code: 'audit_unavailable' });
    const { rows } = await admin(server, (client) =>
      client.query(`SELECT sum(last_seq)::int AS n, bool_and(closed_at IS NOT NULL) AS closed FROM audit_writers
        WHERE tenant_id = 'closing'`),
    );
    expect(rows).toEqual([{ n: 30, closed: true }]);
  });
});

describe('appending within a transaction', () => {
  test('the entry commits with the transaction and leaves no gap if it does not', async () => {
    const { log } = openLog(server.appUrl, new SystemClock());
    const within = (fail: boolean) =>
      database.tenant('within', async (tx) => {
        const { id } = await log.appendWithin(tx, entry({ tenantId: 'within' }));
        if (fail) throw new Error('half way');
        return id;
      });
    await within(false);
    await expect(within(true)).rejects.toThrow('half way');
    const ids = await Promise.all(Array.from({ length: 8 }, () => within(false)));
    const entries = await stored(server, 'within');
    expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(entries.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
  });

  test('a transaction of one tenant cannot write an entry of another', async () => {
    const { log } = openLog(server.appUrl, new SystemClock());
    const writing = database.tenant('within', (tx) => log.appendWithin(tx, entry({ tenantId: 'other' })));
    await expect(writing).rejects.toThrow('not bound to tenant other');
    expect(await stored(server, 'other')).toEqual([]);
  });
});

describe('a limit on waiting', () => {
  test('callers get 503 in time; what may have been stored is there once, what was not is gone', async () => {
    const clock = new ManualClock();
    const { log, metrics } = openLog(server.appUrl, clock, { timeoutMs: 1_000 });
    const release = await holdWrites(server);
    const sent = log.append(entry({ tenantId: 'late', actionDetail: 'sent' }));
    const sentFate = expect(sent).rejects.toMatchObject({ code: 'audit_unavailable', extras: { retryAfter: 1 } });
    await until(() => metrics.depth() === 1 && lockWaiters().then((n) => n > 0));
    const waiting = log.append(entry({ tenantId: 'late', actionDetail: 'waiting' }));
    const waitingFate = expect(waiting).rejects.toMatchObject({ code: 'audit_unavailable' });
    clock.advance(1_000);
    await Promise.all([sentFate, waitingFate]);
    await release();
    await log.append(entry({ tenantId: 'late', actionDetail: 'after' }));
    const entries = await stored(server, 'late');
    expect(entries.map(({ detail }) => detail).sort()).toEqual(['after', 'sent']);
    expect(broken(entries)).toEqual([]);
    expect(metrics.failures).toEqual({ audit_unavailable: 2 });
  });
});

function lockWaiters(): Promise<number> {
  return admin(server, async (client) => {
    const { rows } = await client.query(`SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE application_name = 'audit-test' AND wait_event_type = 'Lock' AND datname = current_database()`);
    return rows[0].n;
  });
}
