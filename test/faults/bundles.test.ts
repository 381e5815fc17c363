import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Database } from '#libs/database';
import { BundleSigner } from '#libs/opa';
import { Bundles } from '../../src/policy/bundles/bundles.ts';
import { TenantBundles } from '../../src/policy/bundles/tenant-bundles.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.stop());

const admin = 'admin@acme.test';
let n = 0;
const block = (action: string) =>
  gateway.call(admin, 'POST', '/api/v1/policies', {
    scope: 'enterprise',
    scopeId: 'acme',
    domain: 'actions',
    name: `Block ${++n}`,
    version: '1.0.0',
    content: `actions:\n  ${action}: block\n`,
    changeReason: 'a test',
    status: 'active',
  });
const decide = async (action: string) =>
  (await gateway.call('alice@acme.test', 'POST', '/api/v1/policy/evaluate', { action })).body.decision;
const ready = async () => (await gateway.call(null, 'GET', '/readyz')).status;
const revision = async () => (await gateway.call(admin, 'GET', '/api/v1/policies/revision')).body;

/** Lets the gateway sign with another key than the one OPA knows, for as long as `work` takes. */
async function withForeignSigner(work: () => Promise<void>): Promise<void> {
  const bundles = gateway.app.get(Bundles) as unknown as { signer: BundleSigner };
  const own = bundles.signer;
  bundles.signer = new BundleSigner(BundleSigner.newKey());
  try {
    await work();
  } finally {
    bundles.signer = own;
  }
}

/** Writes so many policies of people at once, past the API. */
async function load(name: string, policies: number): Promise<void> {
  await gateway.app.get(Database).tenant('acme', async (tx) => {
    await tx.query(
      `INSERT INTO policies (tenant_id, id, scope, scope_id, domain, name, version, status, content, document, created_by,
         created_at, updated_at, change_reason)
       SELECT 'acme', $1 || n, 'user', 'somebody-' || n, 'actions', $1, '1.0.0', 'active', '{}', '{}', 'test', now(), now(), 'test'
       FROM generate_series(1, $2) n`,
      [name, policies],
    );
    await tx.query(`UPDATE policy_revisions SET revision = revision + 1`);
    await tx.query(
      `INSERT INTO policy_versions (tenant_id, policy_id, n, version, status, content, changed_by, changed_at, change_reason, revision)
       SELECT 'acme', p.id, 1, '1.0.0', 'active', '{}', 'test', now(), 'test', r.revision FROM policies p, policy_revisions r
       WHERE p.name = $1`,
      [name],
    );
  });
}

describe('bundles', () => {
  test('a bundle with a wrong signature is not activated: the last good one decides, and readiness and revision say so', async () => {
    expect((await block('first')).status).toBe(201);
    expect(await decide('first')).toBe('deny');
    await withForeignSigner(async () => {
      expect((await block('second')).status).toBe(201);
    });
    expect(await decide('first')).toBe('deny');
    expect(await decide('second')).not.toBe('deny');
    const { wanted, replicas } = await revision();
    expect(replicas[0].active).toBe(wanted - 1);
    await until('readiness tells', async () => (await ready()) === 503);
    const { body } = await gateway.call(null, 'GET', '/readyz');
    expect(JSON.stringify(body.details.policyRevision)).toMatch(/signature|verif/i);

    expect((await block('third')).status).toBe(201);
    await until('it is ready again', async () => (await ready()) === 200);
    expect([await decide('first'), await decide('second'), await decide('third')]).toEqual(['deny', 'deny', 'deny']);
  });

  test('a burst of changes is built far less often than once a change, and all of it holds at the end', async () => {
    const bundles = gateway.app.get(Bundles) as unknown as { build(shard: unknown): Promise<unknown> };
    const build = bundles.build.bind(bundles);
    const committed = Promise.withResolvers<void>();
    let builds = 0;
    bundles.build = async (shard) => {
      builds++;
      await committed.promise;
      return build(shard);
    };
    const before = (await revision()).wanted;
    const actions = Array.from({ length: 40 }, (_, i) => `burst_${i}`);
    const answers = Promise.all(actions.map(block));
    await until('all are committed', async () => (await revision()).wanted === before + 40);
    committed.resolve();
    expect((await answers).every((answer) => answer.status === 201)).toBe(true);
    await until('OPA runs the newest', async () => {
      const { wanted, replicas } = await revision();
      return replicas[0].active === wanted;
    });
    expect(new Set(await Promise.all(actions.map(decide)))).toEqual(new Set(['deny']));
    // The one that the first change began, and one for all that came meanwhile; a late look may add one.
    expect(builds).toBeLessThanOrEqual(4);
  });

  test("a change in one tenant leaves another tenant's bundle alone", async () => {
    const bundles = gateway.app.get(Bundles);
    const before = await bundles.get('tenant-globex-0-of-1');
    expect(before).toBeDefined();
    await block('only_acme');
    expect(await bundles.get('tenant-globex-0-of-1')).toBe(before);
  });

  test('a tenant that grows is spread over more bundles while decisions go on, and a change then costs one of them', async () => {
    const outcomes = new Set<string>();
    let running = true;
    const asking = (async () => {
      while (running) outcomes.add(await decide('email_read'));
    })();
    await load('Grown', 2_500);
    const bundles = gateway.app.get(Bundles) as unknown as {
      build(shard: { shard: number; count: number }): Promise<unknown>;
    };
    await until('it is spread', async () => gateway.app.get(TenantBundles).all().get('acme')!.current.count === 8);
    const build = bundles.build.bind(bundles);
    const built: number[] = [];
    bundles.build = (shard) => (built.push(shard.count), build(shard));
    expect((await block('after_growth')).status).toBe(201);
    expect(await decide('after_growth')).toBe('deny');
    expect(await decide('first')).toBe('deny');
    running = false;
    await asking;
    expect([...outcomes]).toEqual(['allow']);
    expect(built).toEqual([8]);
    const { wanted, replicas } = await revision();
    expect(replicas[0].active).toBe(wanted);
  });

  test('a load of policies is brought by the wider bundles alone, and a change that comes meanwhile with them', async () => {
    const bundles = gateway.app.get(Bundles) as unknown as {
      build(shard: { shard: number; count: number; tenantId: string }): Promise<unknown>;
    };
    const tenants = gateway.app.get(TenantBundles);
    const built = new Set<string>();
    const build = bundles.build.bind(bundles);
    bundles.build = (shard) => (built.add(`${shard.tenantId} ${shard.count}`), build(shard));
    await load('Loaded', 6_000);
    await until('it is to be spread wider', () => tenants.all().get('acme')!.next !== undefined);
    expect((await block('while_loading')).status).toBe(201);
    await until('it is spread', () => tenants.all().get('acme')!.current.count === 32);
    await until('OPA runs the newest', async () => {
      const { wanted, replicas } = await revision();
      return replicas[0].active === wanted;
    });
    expect([...built]).toEqual(['acme 32']);
    expect([await decide('while_loading'), await decide('first')]).toEqual(['deny', 'deny']);
    bundles.build = build;
  });

  test('OPA starts with its policies while the gateway does not serve them', async () => {
    const bundles = gateway.app.get(Bundles);
    const get = bundles.get.bind(bundles);
    await until('OPA has put the bundle on disk', async () => (await revision()).replicas[0].active > 0);
    bundles.get = () => Promise.reject(new Error('not now'));
    try {
      const before = gateway.servers.opa!.pid;
      gateway.servers.opa!.kill('SIGKILL');
      await until('it is back', () => gateway.servers.opa!.pid !== undefined && gateway.servers.opa!.pid !== before);
      await until(
        'it decides from disk',
        async () => (await decide('first')) === 'deny' && (await decide('email_read')) === 'allow',
      );
    } finally {
      bundles.get = get;
    }
  });
});
