import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDataSource, Database } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { InProcessNotices } from '#libs/redis';
import { newSealingKeys, parseSealingKeys, Sealing } from '#libs/sealing';
import { freshDatabase, type TestDatabase } from '../harness/database.ts';

let server: TestDatabase;
let database: Database;
let events: PersonEvents;

beforeAll(async () => {
  server = await freshDatabase();
  const source = createDataSource({ url: server.appUrl, poolSize: 8, statementTimeoutMs: 5_000, name: 'events-test' });
  await source.initialize();
  database = new Database(source);
  events = new PersonEvents(database, new InProcessNotices(), new Sealing(parseSealingKeys(newSealingKeys())));
  await database.system(async (tx) => {
    await tx.query(`INSERT INTO tenants (tenant_id, name) VALUES ('acme', 'Acme')`);
    await tx.query(`INSERT INTO orgs VALUES ('acme', 'x', 'X')`);
    for (const id of ['ana', 'bo', 'cy'])
      await tx.query(
        `INSERT INTO users (tenant_id, id, email, name, org_id, roles) VALUES ('acme', $1, $1, $1, 'x', '{user}')`,
        [id],
      );
  });
});
afterAll(async () => {
  await database?.source.destroy();
  await server?.drop();
});

const append = (userId: string, n: number) =>
  database.tenant('acme', (tx) =>
    events.append(tx, { tenantId: 'acme', userId, event: 'session.message', payload: { n } }),
  );

test('events of a person are numbered without a gap, however many writers race, and each person has numbers of their own', async () => {
  await Promise.all(Array.from({ length: 40 }, (_, n) => append(n % 2 ? 'ana' : 'bo', n)));
  const seen = await events.after('acme', 'ana', 0);
  expect(seen.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  expect(seen.map(({ payload }) => payload.n).sort()).toEqual(Array.from({ length: 20 }, (_, n) => 2 * n + 1).sort());
  expect(await events.last('acme', 'bo')).toBe(20);
  expect((await events.after('acme', 'ana', 17, 2)).map(({ seq }) => seq)).toEqual([18, 19]);
});

test('an event of a transaction that is rolled back never was, and its number is given again', async () => {
  await append('cy', 1);
  await expect(
    database.tenant('acme', async (tx) => {
      await events.append(tx, { tenantId: 'acme', userId: 'cy', event: 'session.message', payload: { n: 2 } });
      throw new Error('rolled back');
    }),
  ).rejects.toThrow('rolled back');
  expect(await append('cy', 3)).toBe(2);
  expect((await events.after('acme', 'cy', 0)).map(({ payload }) => payload.n)).toEqual([1, 3]);
});

test('nobody sees a later number before an earlier one', async () => {
  const before = await events.last('acme', 'ana');
  let release!: () => void;
  const held = new Promise<void>((resolve) => (release = resolve));
  let stored!: () => void;
  const first = new Promise<void>((resolve) => (stored = resolve));
  const slow = database.tenant('acme', async (tx) => {
    await events.append(tx, { tenantId: 'acme', userId: 'ana', event: 'session.message', payload: { n: 'slow' } });
    stored();
    await held;
  });
  await first;
  const quick = append('ana', 0);
  expect(await events.after('acme', 'ana', before)).toEqual([]);
  release();
  await Promise.all([slow, quick]);
  expect((await events.after('acme', 'ana', before)).map(({ payload }) => payload.n)).toEqual(['slow', 0]);
});

test('what nobody may ask for any more is removed', async () => {
  await append('bo', 99);
  await database.system((tx) => tx.query(`UPDATE person_events SET at = now() - interval '4 days' WHERE seq < 21`));
  await events.forgetOld();
  expect((await events.after('acme', 'bo', 0)).map(({ payload }) => payload.n)).toEqual([99]);
});

test('what an event says lies sealed in the table', async () => {
  await database.tenant('acme', (tx) =>
    events.append(tx, { tenantId: 'acme', userId: 'cy', event: 'session.message', payload: { text: 'a secret' } }),
  );
  const rows: { payload: unknown }[] = await database.tenant('acme', (tx) =>
    tx.query(`SELECT payload FROM person_events`),
  );
  expect(JSON.stringify(rows)).not.toContain('secret');
  expect((await events.after('acme', 'cy', 0)).at(-1)!.payload).toEqual({ text: 'a secret' });
});
