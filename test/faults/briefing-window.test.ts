import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { ensureBuilt } from '../../bin/build.mjs';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { GatewayProcess, temporaryDataDir } from '../harness/process.ts';
import { until } from '../harness/until.ts';

const PEOPLE = 500;
const WINDOW_MINUTES = 4;
/** One dies when so many briefings have been made. */
const DIES_AFTER = 120;

let gateway: TestGateway;
let database: pg.Client;
const folders = [temporaryDataDir(), temporaryDataDir()];
const replicas: GatewayProcess[] = [];

beforeAll(async () => {
  ensureBuilt();
  gateway = await startTestGateway();
  database = new pg.Client(gateway.database.adminUrl);
  await database.connect();
  for (const [n, { path }] of folders.entries()) {
    const replica = await GatewayProcess.spawn(path, environmentOf(gateway, n));
    replicas.push(replica);
  }
  for (const replica of replicas) await until('a replica listens', () => replica.output.includes('listens at'), 60_000);
}, 120_000);
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  for (const folder of folders) folder.clean();
  await database?.end();
  await gateway?.stop();
});

test(`${PEOPLE} people in one window, three processes of which one is killed in the middle: each has exactly one briefing, inside the window`, async () => {
  const users = Array.from({ length: PEOPLE }, (_, n) => ({
    id: `early-${n}`,
    email: `early-${n}@acme.test`,
    name: `Early ${n}`,
    orgId: 'engineering',
    teamIds: ['platform'],
    roles: ['user'],
  }));
  expect((await gateway.call('admin@acme.test', 'POST', '/api/v1/users', { users })).status).toBe(201);
  const start = new Date(Date.now() + 1_000);
  await database.query(
    `INSERT INTO briefing_schedules (tenant_id, user_id, cron, time_zone, window_minutes, enabled, next_window, updated_at)
     SELECT 'acme', id, '0 0 1 1 *', 'Europe/Berlin', $1, true, $2, now() FROM users WHERE id LIKE 'early-%'`,
    [WINDOW_MINUTES, start],
  );
  const made = async () => {
    const { rows } = await database.query<{ n: number; people: number }>(
      `SELECT count(*)::int AS n, count(DISTINCT user_id)::int AS people FROM briefings WHERE user_id LIKE 'early-%'`,
    );
    return rows[0]!;
  };

  await until('some are made', async () => (await made()).n >= DIES_AFTER, WINDOW_MINUTES * 60_000);
  replicas[0]!.kill('SIGKILL');
  expect(await replicas[0]!.ended()).toBe('SIGKILL');
  expect((await made()).people).toBeLessThan(PEOPLE);
  await until('everybody has one', async () => (await made()).people === PEOPLE, WINDOW_MINUTES * 60_000);

  const { rows } = await database.query<{ outside: number; doubled: number; makers: number }>(
    `SELECT count(*) FILTER (WHERE generated_at < $1 OR generated_at >= $2)::int AS outside,
       (SELECT count(*)::int FROM (SELECT FROM briefings WHERE user_id LIKE 'early-%' GROUP BY user_id HAVING count(*) > 1) d)
         AS doubled,
       (SELECT count(DISTINCT writer)::int FROM audit_entries
         WHERE tenant_id = 'acme' AND user_id LIKE 'early-%' AND action_type = 'data_access') AS makers
     FROM briefings WHERE user_id LIKE 'early-%'`,
    [start, new Date(start.getTime() + WINDOW_MINUTES * 60_000)],
  );
  expect(rows[0]).toMatchObject({ outside: 0, doubled: 0 });
  expect(rows[0]!.makers).toBeGreaterThanOrEqual(3);
}, 600_000);

/** A replica of the same deployment: the same database, OPA and keys. */
function environmentOf({ settings, database: { appUrl, ownerUrl } }: TestGateway, n: number): Record<string, string> {
  const given = {
    OPENCLAW_PROFILE: 'external',
    OPENCLAW_REPLICA_ID: `replica-${n + 1}`,
    HOST: '127.0.0.1',
    DATABASE_URL: appUrl,
    DATABASE_DIRECT_URL: ownerUrl,
    OPA_URL: settings.OPA_URL,
    OPA_TOKEN: settings.OPA_TOKEN,
    OPA_BUNDLE_TOKEN: settings.OPA_BUNDLE_TOKEN,
    OPA_BUNDLE_SIGNING_KEY: settings.OPA_BUNDLE_SIGNING_KEY,
    OIDC_ISSUER: settings.OIDC_ISSUER,
    OIDC_CLIENT_ID: settings.OIDC_CLIENT_ID,
    SEALING_KEYS: settings.SEALING_KEYS,
  };
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
