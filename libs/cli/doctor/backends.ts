import { whyUnreachable } from '../api/client.ts';
import { type Finding, fail, note, ok } from './finding.ts';

type RedisSettings = Parameters<typeof import('#libs/redis').redisAccess>[0];

const WAIT_MS = 5_000;
const POSTGRES_MAJOR = 16;

/** Signs in, looks at the version, and compares the schema with what this build knows. */
export async function checkDatabase(url: string): Promise<Finding> {
  const name = 'PostgreSQL';
  const where = withoutPassword(url);
  const { createDataSource, pendingMigrations } = await import('#libs/database');
  const source = createDataSource({ url, poolSize: 1, statementTimeoutMs: WAIT_MS, name: 'openclaw-doctor' });
  try {
    await source.initialize();
    const [row]: { server_version: string }[] = await source.query('SHOW server_version');
    const version = row?.server_version ?? 'unknown';
    if (Number.parseInt(version, 10) < POSTGRES_MAJOR) {
      return fail(name, `${where} is version ${version}`, `Use PostgreSQL ${POSTGRES_MAJOR} or newer.`);
    }
    const pending = await pendingMigrations(source).catch(() => source.migrations.map(({ name: its }) => its ?? ''));
    if (pending.length > 0) {
      return fail(
        name,
        `${where}, version ${version}, has not run ${pending.length} migration(s): ${pending.join(', ')}`,
        'A start runs them, as the owner of the schema: set DATABASE_DIRECT_URL where DATABASE_URL signs in as another.',
      );
    }
    return ok(name, `${where}, version ${version}, the schema is up to date`);
  } catch (error) {
    return fail(
      name,
      `${where}: ${whyUnreachable(error)}`,
      'Start it, or correct DATABASE_URL (user, password, database).',
    );
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}

/** Whether a key of SEALING_KEYS that was replaced can be dropped. */
export async function checkSealing(url: string, sealingKeys: string): Promise<Finding> {
  const name = 'Sealing keys';
  const { createDataSource, Database } = await import('#libs/database');
  const { parseSealingKeys } = await import('#libs/sealing');
  const [first, ...older] = parseSealingKeys(sealingKeys);
  if (!first || older.length === 0) return ok(name, 'one key');
  const source = createDataSource({ url, poolSize: 1, statementTimeoutMs: WAIT_MS, name: 'openclaw-doctor' });
  try {
    await source.initialize();
    const [row]: { n: number }[] = await new Database(source).system((tx) =>
      tx.query(
        `SELECT count(*)::int AS n FROM connectors
         WHERE split_part(credentials, '.', 2) <> $1 OR split_part(webhook_secret, '.', 2) <> $1`,
        [first.id],
      ),
    );
    if (row?.n === 0) return ok(name, `all is sealed with "${first.id}"; the older keys may be dropped`);
    return note(
      name,
      `${row?.n} connector(s) are still sealed with an older key`,
      'Keep the older keys until there are none.',
    );
  } catch (error) {
    return note(name, `older keys may be in use: ${whyUnreachable(error)}`);
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}

export async function checkOpaServer(url: string, token: string | undefined): Promise<Finding> {
  try {
    const response = await get(`${url}/health`, token ? { Authorization: `Bearer ${token}` } : {});
    if (response.status === 401) return fail('OPA', `${url} wants a token`, 'Set OPA_TOKEN to the one it accepts.');
    if (!response.ok) return fail('OPA', `${url}/health says ${response.status}`, 'Look into its log.');
    return ok('OPA', url);
  } catch (error) {
    return fail('OPA', `${url}: ${whyUnreachable(error)}`, 'Start it, or correct OPA_URL.');
  }
}

const REDIS_MAJOR = 7;

/** Signs in, writes a key that is gone in a moment, and compares version and kind with what is set. */
export async function checkRedis(settings: RedisSettings): Promise<Finding> {
  const name = 'Redis';
  const { inspectRedis, redisAccess, shownAddress } = await import('#libs/redis');
  const access = redisAccess(settings)!;
  const where = shownAddress(access.address);
  try {
    const { version, isCluster } = await inspectRedis(access, WAIT_MS);
    const several = access.address.nodes.length > 1;
    if (isCluster !== several) {
      return fail(
        name,
        `${where} is ${isCluster ? 'part of a cluster' : 'no cluster'}`,
        isCluster ? 'Name several of its nodes in REDIS_URL, comma-separated.' : 'Name one server in REDIS_URL.',
      );
    }
    if (Number.parseInt(version, 10) < REDIS_MAJOR)
      return fail(name, `${where} is version ${version}`, `Use Redis ${REDIS_MAJOR} or newer.`);
    return ok(name, `${where}, version ${version}${isCluster ? ', a cluster' : ''}`);
  } catch (error) {
    return fail(
      name,
      `${where}: ${whyUnreachable(error)}`,
      'Start it, or correct REDIS_URL (user, password, rediss:// for TLS). Meanwhile each replica counts limits by itself.',
    );
  }
}

/** Discovery must answer, and name the very issuer (OpenID Connect Discovery 1.0, 4.3). */
export async function checkIssuer(issuer: string): Promise<Finding> {
  const name = 'Identity provider';
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  try {
    const response = await get(url, {});
    if (!response.ok)
      return fail(name, `${url} says ${response.status}`, 'Correct OIDC_ISSUER: discovery is below it.');
    const found = (await response.json()) as { issuer?: unknown };
    if (found.issuer === issuer) return ok(name, issuer);
    return fail(
      name,
      `${url} names the issuer ${JSON.stringify(found.issuer)}`,
      'Set OIDC_ISSUER to exactly that, if it is yours: tokens are checked against it.',
    );
  } catch (error) {
    return fail(name, `${url}: ${whyUnreachable(error)}`, 'Start it, or correct OIDC_ISSUER.');
  }
}

function get(url: string, headers: Record<string, string>): Promise<Response> {
  return fetch(url, { headers, signal: AbortSignal.timeout(WAIT_MS) });
}

/** A URL that may be shown. */
export function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password) shown.password = '***';
  return shown.href;
}
