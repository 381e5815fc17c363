import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { completeSettings, readSettings, type Settings } from '#libs/config';
import { migrate } from '#libs/database';
import { opaBootConfig } from '#libs/opa';
import { type EmbeddedServers, freePort, startEmbedded } from '#libs/profile';
import { Propagation } from '#policy';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { DEMO_PEOPLE } from '../../src/demo/demo-directory.ts';
import { seedDemo } from '../../src/demo/seed-demo.ts';
import { createGateway, drain } from '../../src/gateway.ts';
import { serveOpenApi } from '../../src/openapi.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { until } from './until.ts';

/** A whole gateway in this process with a database, an OPA and an identity provider of its own. */
export interface TestGateway {
  readonly url: string;
  readonly app: NestFastifyApplication;
  readonly settings: Settings;
  readonly database: TestDatabase;
  readonly servers: EmbeddedServers;
  /** A bearer token of a demo person. */
  token(email: string): Promise<string>;
  /** Calls as a demo person (by e-mail), with a token, or as nobody. */
  call(
    who: string | null,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // A test reads the field it expects; its absence fails the expectation.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface TestGatewayOptions {
  /** Settings by the names of their environment variables. */
  readonly env?: Record<string, string>;
  /** Puts something between gateway and OPA; gets OPA's address, answers the one to use. */
  readonly wrapOpa?: (url: string) => Promise<string>;
  /** Another replica of that gateway, on its database. */
  readonly beside?: TestGateway;
  /** A PostgreSQL of its own, for tests that end it. */
  readonly ownPostgres?: boolean;
}

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { beside } = options;
  const shared = beside
    ? { ...beside.database, drop: async () => undefined }
    : options.ownPostgres
      ? undefined
      : await freshDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), 'oce-gateway-'));
  const [port, bundleToken] = [await freePort(), randomBytes(32).toString('base64url')];
  const url = `http://127.0.0.1:${port}`;
  const servers = await startEmbedded({
    dataDir,
    opaConfig: (key) => opaBootConfig(url, bundleToken, key),
    redirectUris: [`${url}/auth/callback`],
    postLogoutRedirectUris: [`${url}/`],
    accounts: DEMO_PEOPLE.map(({ email, name }) => ({ email, name })),
    env: { ...process.env, DATABASE_URL: shared?.appUrl, DATABASE_DIRECT_URL: shared?.ownerUrl },
    progress: () => undefined,
  });
  try {
    return await serve(options, { shared, servers, dataDir, port, bundleToken });
  } catch (error) {
    // A set-up that fails must leave nothing running.
    await servers.stop();
    await shared?.drop();
    throw error;
  }
}

/** A further gateway of this process on the database, OPA and identity provider of another. */
export interface Replica {
  readonly url: string;
  readonly app: NestFastifyApplication;
  stop(): Promise<void>;
}

export async function startReplica(of: TestGateway, env: Partial<Settings> = {}): Promise<Replica> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings: Settings = {
    ...of.settings,
    ...{ PORT: port, PUBLIC_URL: url, OPENCLAW_REPLICA_ID: `test-${port}` },
    ...env,
  };
  const app = await createGateway(settings, pino({ level: process.env.LOG_LEVEL ?? 'silent' }));
  await app.listen(port, '127.0.0.1');
  let stopping: Promise<void> | undefined;
  return { url, app, stop: () => (stopping ??= drain(app, settings)) };
}

interface Parts {
  readonly shared: TestDatabase | undefined;
  readonly servers: EmbeddedServers;
  readonly dataDir: string;
  readonly port: number;
  readonly bundleToken: string;
}

async function serve(options: TestGatewayOptions, parts: Parts): Promise<TestGateway> {
  const { shared, servers, dataDir, port, bundleToken } = parts;
  const url = `http://127.0.0.1:${port}`;
  if (!shared) await migrate(servers.databaseDirectUrl);
  const adminUrl = servers.postgres && new URL('/openclaw', servers.postgres.adminUrl).href;
  const database = shared ?? {
    appUrl: servers.databaseUrl,
    ownerUrl: servers.databaseDirectUrl,
    adminUrl: adminUrl!,
    drop: async () => undefined,
  };
  const settings = completeSettings(
    readSettings({
      HOST: '127.0.0.1',
      PORT: String(port),
      METRICS_PORT: '0',
      OPENCLAW_DATA_DIR: dataDir,
      OPENCLAW_REPLICA_ID: `test-${port}`,
      DATABASE_URL: database.appUrl,
      OPA_URL: (await options.wrapOpa?.(servers.opaUrl)) ?? servers.opaUrl,
      OPA_TOKEN: servers.opaToken,
      OPA_BIN: servers.opaBinary,
      OPA_BUNDLE_TOKEN: bundleToken,
      OPA_BUNDLE_SIGNING_KEY: servers.bundleSigningKey,
      SEALING_KEYS: options.beside?.settings.SEALING_KEYS ?? servers.sealingKeys,
      OIDC_ISSUER: servers.issuer,
      OIDC_CLIENT_ID: servers.clientId,
      OIDC_CLIENT_SECRET: servers.clientSecret,
      RATE_LIMIT_POLICY_CHANGES: '100000',
      RATE_LIMIT_AUDIT_QUERIES: '100000',
      RATE_LIMIT_ADMIN: '100000',
      RATE_LIMIT_STATUS: '100000',
      ...options.env,
    }),
  );
  const app = await createGateway(settings, pino({ level: process.env.LOG_LEVEL ?? 'silent' }));
  serveOpenApi(app);
  await app.listen(port, '127.0.0.1');
  await seedDemo(app, () => undefined);
  await until('OPA runs the newest policies', () => app.get(Propagation).lag() === undefined);

  const token = (email: string) => servers.idp!.mintToken(email);
  return {
    url,
    app,
    settings,
    database,
    servers,
    token,
    call: async (who, method, path, body, headers = {}) => {
      const bearer = who === null ? undefined : who.includes('@') ? await token(who) : who;
      const response = await fetch(`${url}${path}`, {
        method,
        redirect: 'manual',
        headers: {
          ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const json = /\/(problem\+)?json/.test(response.headers.get('content-type') ?? '') && text !== '';
      return { status: response.status, headers: response.headers, body: json ? (JSON.parse(text) as unknown) : text };
    },
    stop: async () => {
      await drain(app, settings);
      await servers.stop();
      await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
