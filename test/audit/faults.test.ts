import { type AuditLog, type AuditMetrics, Completeness, SystemClock } from '#audit';
import type { Database } from '#libs/database';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../harness/database.ts';
import {
  admin,
  broken,
  CountingMetrics,
  entry,
  holdWrites,
  ManualClock,
  openDatabase,
  openLog,
  Proxy,
  stored,
  until,
} from './support.ts';

let server: TestDatabase;
let database: Database;
let proxy: Proxy;
let log: AuditLog | undefined;

beforeAll(async () => {
  server = await freshDatabase();
  database = await openDatabase(server);
});
beforeEach(async () => {
  proxy = await Proxy.before(server.appUrl);
});
afterEach(async () => {
  await log?.drain();
  await proxy.close();
});
afterAll(async () => {
  await database?.source.destroy();
  await server?.drop();
});

describe('when PostgreSQL goes away in the middle', () => {
  test('an answer that is lost after the commit leads to no loss, no double and no gap', async () => {
    const opened = openLog(proxy.url, new SystemClock());
    log = opened.log;
    proxy.loseAnswers = 1;
    const calls = Array.from({ length: 50 }, (_, n) =>
      opened.log.append(entry({ tenantId: 'lost-answer', actionDetail: `${n}` })),
    );
    const ids = (await Promise.all(calls)).map(({ id }) => id);
    await opened.log.append(entry({ tenantId: 'lost-answer', actionDetail: 'after' }));
    expect(proxy.loseAnswers).toBe(0);
    expect(opened.sink.statements).toBe(3);
    const entries = await stored(server, 'lost-answer');
    expect(entries.slice(0, 50).map(({ id }) => id)).toEqual(ids);
    expect(entries).toHaveLength(51);
    expect(broken(entries)).toEqual([]);
  });

  test('a statement that is lost on its way is sent again', async () => {
    const opened = openLog(proxy.url, new SystemClock());
    log = opened.log;
    proxy.loseStatements = 2;
    await Promise.all(Array.from({ length: 20 }, () => opened.log.append(entry({ tenantId: 'lost-way' }))));
    const entries = await stored(server, 'lost-way');
    expect(entries).toHaveLength(20);
    expect(broken(entries)).toEqual([]);
  });

  test('a statement that still runs on the server when its connection is cut is not doubled by the next', async () => {
    const opened = openLog(proxy.url, new SystemClock());
    log = opened.log;
    const release = await holdWrites(server);
    const call = opened.log.append(entry({ tenantId: 'undead' }));
    await until(async () => (await waitingStatements()) === 1);
    proxy.cut();
    await until(async () => (await waitingStatements()) === 2);
    await release();
    await call;
    await opened.log.append(entry({ tenantId: 'undead' }));
    const entries = await stored(server, 'undead');
    expect(entries).toHaveLength(2);
    expect(broken(entries)).toEqual([]);
  });

  test('backends that are terminated while they write lose and double nothing', async () => {
    const opened = openLog(server.appUrl, new SystemClock(), { name: 'audit-terminated' });
    log = opened.log;
    const ids: string[] = [];
    let on = true;
    const callers = Array.from({ length: 20 }, async () => {
      while (on) ids.push((await opened.log.append(entry({ tenantId: 'terminated' }))).id);
    });
    await admin(server, async (client) => {
      for (let round = 0; round < 15; round++) {
        const before = ids.length;
        await until(() => ids.length > before + 40);
        await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = 'audit-terminated' AND datname = current_database()`);
      }
    });
    on = false;
    await Promise.all(callers);
    const entries = await stored(server, 'terminated');
    expect(entries.map(({ id }) => id).sort()).toEqual(ids.sort());
    expect(broken(entries)).toEqual([]);
    const report = await new Completeness(database, new CountingMetrics() as AuditMetrics).check('terminated');
    expect(report.gaps).toEqual([]);
    expect(report.writers.reduce((sum, { entries: n }) => sum + n, 0)).toBe(ids.length);
  });

  test('lost answers and statements in any order, under load, lose and double nothing', async () => {
    const opened = openLog(proxy.url, new SystemClock());
    log = opened.log;
    const ids: string[] = [];
    let on = true;
    const callers = Array.from({ length: 20 }, async () => {
      while (on) ids.push((await opened.log.append(entry({ tenantId: 'storm' }))).id);
    });
    for (let round = 0; round < 24; round++) {
      const before = ids.length;
      await until(() => ids.length > before + 40);
      if (round % 3 === 0) proxy.loseAnswers = 1 + (round % 2);
      else if (round % 3 === 1) proxy.loseStatements = 1;
      else proxy.cut();
    }
    on = false;
    await Promise.all(callers);
    const entries = await stored(server, 'storm');
    expect(entries.map(({ id }) => id).sort()).toEqual(ids.sort());
    expect(broken(entries)).toEqual([]);
  });

  test('entries given up while PostgreSQL cannot be reached are not stored later and leave no gap', async () => {
    const clock = new ManualClock();
    const opened = openLog(proxy.url, clock, { timeoutMs: 1_000 });
    log = opened.log;
    await opened.log.append(entry({ tenantId: 'away', actionDetail: 'before' }));
    proxy.refusing = true;
    proxy.cut();
    const lost = Array.from({ length: 5 }, () => opened.log.append(entry({ tenantId: 'away', actionDetail: 'lost' })));
    const fates = Promise.allSettled(lost);
    clock.advance(1_000);
    for (const fate of await fates) expect(fate).toMatchObject({ reason: { code: 'audit_unavailable', status: 503 } });
    expect(opened.log.queueDepth).toBe(0);
    proxy.refusing = false;
    const after = opened.log.append(entry({ tenantId: 'away', actionDetail: 'after' }));
    let done = false;
    void after.then(() => (done = true));
    await until(() => {
      clock.advance(20);
      return done;
    });
    const entries = await stored(server, 'away');
    expect(entries.map(({ detail }) => detail).sort()).toEqual(['after', 'before']);
    expect(broken(entries)).toEqual([]);
  });
});

function waitingStatements(): Promise<number> {
  return admin(server, async (client) => {
    const { rows } = await client.query(`SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE application_name = 'audit-test' AND wait_event_type = 'Lock' AND datname = current_database()`);
    return rows[0].n;
  });
}
