import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SystemClock } from '#libs/clock';
import { createDataSource, Database } from '#libs/database';
import { EmulatorServer } from '#libs/emulators';
import { parseSealingKeys, newSealingKeys, Sealing } from '#libs/sealing';
import type { AddressRules } from '../../src/connectors/pipeline/address-rules.ts';
import * as sql from '../../src/connectors/connectors.sql.ts';
import { Addresses } from '../../src/connectors/pipeline/addresses.ts';
import { Authorisations, credentialsPlace, webhookPlace } from '../../src/connectors/pipeline/authorisations.ts';
import { Resealing } from '../../src/connectors/pipeline/resealing.ts';
import { freshDatabase, type TestDatabase } from '../harness/database.ts';
import { until } from '../harness/until.ts';

const [oldKey] = parseSealingKeys(newSealingKeys().replace('k1', 'old'));
const [newKey] = parseSealingKeys(newSealingKeys().replace('k1', 'new'));
const ROW = { tenant_id: 'acme', id: 'c1' };
const clock = new SystemClock();

let server: TestDatabase;
/** As two processes have them: each with a pool of its own. */
let databases: Database[];
let vendor: EmulatorServer;
let addresses: Addresses;
let valid: string;

beforeAll(async () => {
  server = await freshDatabase();
  databases = [];
  for (const name of ['one', 'two']) {
    const source = createDataSource({ url: server.appUrl, poolSize: 5, statementTimeoutMs: 5_000, name });
    databases.push(new Database(await source.initialize()));
  }
  await databases[0]!.system((tx) => tx.query(`INSERT INTO tenants (tenant_id, name) VALUES ('acme', 'Acme')`));
  // A refresh token is good for one use; the second ends in a refusal, as with vendors that rotate them.
  vendor = await EmulatorServer.listen({
    unauthorised: () => ({ status: 401 }),
    isOpen: () => true,
    answer: ({ body }) => {
      const given = new URLSearchParams(body.toString()).get('refresh_token');
      vendor.record('', given === valid ? 'refresh' : 'refused', { given });
      if (given !== valid) return { status: 400, body: { error: 'invalid_grant' } };
      valid = `${given}+`;
      return { status: 200, body: { access_token: `a-${valid}`, refresh_token: valid, expires_in: 3600 } };
    },
  });
  addresses = new Addresses([new URL(vendor.url).host]);
});
afterAll(async () => {
  for (const database of databases ?? []) await database.source.destroy();
  await addresses?.close();
  await vendor?.close();
  await server?.drop();
});

async function connect(sealing: Sealing): Promise<sql.ConnectorRow> {
  valid = `r${vendor.written.length}`;
  const credentials = { kind: 'oauth', refreshToken: valid, clientId: 'c', tokenUrl: `${vendor.url}/token` };
  const sealed = sealing.seal(JSON.stringify(credentials), credentialsPlace(ROW));
  const secret = sealing.seal('hook', webhookPlace(ROW));
  return databases[0]!.tenant('acme', async (tx) => {
    await tx.query(sql.DELETE_CONNECTOR, ['c1']);
    const now = new Date();
    const values = ['acme', 'c1', 'github', null, null, {}, sealed, 'oauth', secret, 'user:alice', now];
    const [row] = await tx.query(sql.INSERT_CONNECTOR, values);
    return row;
  });
}
const stored = async (): Promise<sql.ConnectorRow> =>
  (await databases[0]!.tenant('acme', (tx) => tx.query(sql.FIND_CONNECTOR, ['c1'])))[0];
const process = (at: number, sealing: Sealing) =>
  new Authorisations(databases[at]!, sealing, clock, { addresses } as AddressRules);

describe('a refresh token that is good for one use', () => {
  const sealing = new Sealing([oldKey!]);

  test('is used once by two processes, and both go on with what it brought', async () => {
    const row = await connect(sealing);
    vendor.faults = () => ({ kind: 'delay', ms: 300 });
    const headers = await Promise.all([0, 1].map((at) => process(at, sealing).of(row, 'a@b.test').header()));
    vendor.faults = () => undefined;
    expect(headers).toEqual([`Bearer a-${valid}`, `Bearer a-${valid}`]);
    expect(vendor.written.map(({ operation }) => operation)).toEqual(['refresh']);
  });

  test('is not used by whoever comes with an old copy of the row', async () => {
    const row = await connect(sealing);
    const first = await process(0, sealing).of(row, 'a@b.test').header();
    expect(await process(1, sealing).of(row, 'a@b.test').header()).toBe(first);
    expect(vendor.written.some(({ operation }) => operation === 'refused')).toBe(false);
  });

  test('brings new ones that are kept though the database goes away before they are stored', async () => {
    const row = await connect(sealing);
    vendor.faults = () => ({ kind: 'late', ms: 300 });
    const before = vendor.written.length;
    const header = process(0, sealing).of(row, 'a@b.test').header();
    await until('the vendor has given new ones', () => vendor.written.length > before);
    await databases[1]!.system((tx) => tx.query('SELECT 1'));
    await endConnectionsOf('one');
    expect(await header).toBe(`Bearer a-${valid}`);
    vendor.faults = () => undefined;
    expect(sealing.open((await stored()).credentials, credentialsPlace(ROW))).toContain(`"refreshToken":"${valid}"`);
    expect(vendor.written.length).toBe(before + 1);
  });

  test('of a connector that is gone says so', async () => {
    const row = await connect(sealing);
    await databases[0]!.tenant('acme', (tx) => tx.query(sql.DELETE_CONNECTOR, ['c1']));
    const header = process(0, sealing).of(row, 'a@b.test').header();
    await expect(header).rejects.toMatchObject({ failure: 'unauthorised' });
  });
});

describe('what an older key has sealed', () => {
  test('is sealed with the newest one, once, and the older one can be dropped', async () => {
    await connect(new Sealing([oldKey!]));
    const both = new Sealing([newKey!, oldKey!]);
    const results = await Promise.all(databases.map((database) => new Resealing(database, both).resealAll()));
    expect(results.every(({ stuck }) => stuck === 0)).toBe(true);
    expect(await new Resealing(databases[0]!, both).resealAll()).toEqual({ resealed: 0, stuck: 0 });
    const row = await stored();
    const alone = new Sealing([newKey!]);
    expect(alone.open(row.credentials, credentialsPlace(ROW))).toContain('refreshToken');
    expect(alone.open(row.webhook_secret, webhookPlace(ROW))).toBe('hook');
  });

  test('and cannot be opened any more is left as it is, and counted', async () => {
    const { credentials } = await connect(new Sealing([oldKey!]));
    expect(await new Resealing(databases[0]!, new Sealing([newKey!])).resealAll()).toEqual({ resealed: 0, stuck: 1 });
    expect((await stored()).credentials).toBe(credentials);
  });
});

async function endConnectionsOf(name: string): Promise<void> {
  const source = createDataSource({ url: server.adminUrl, poolSize: 1, statementTimeoutMs: 5_000, name: 'admin' });
  await source.initialize();
  await source.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [name]);
  await source.destroy();
}
