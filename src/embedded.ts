import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { readSettings } from '#libs/config';
import { opaBootConfig } from '#libs/opa';
import { BoundedLog, type EmbeddedServers, startEmbedded } from '#libs/profile';
import { MetricsServer } from '#libs/telemetry';
import { Propagation } from '#policy';
import { DEMO_PEOPLE } from './demo/demo-directory.ts';
import { startDemoWorld } from './demo/demo-world.ts';
import { seedConnectors } from './demo/seed-connectors.ts';
import { seedDemo } from './demo/seed-demo.ts';
import { destination, type DestinationStream } from 'pino';
import type { Gateway } from './gateway.ts';

type Parsed = ReturnType<typeof readSettings>;

/** The servers of the embedded profile, and the settings with which the gateway finds them. */
export interface Embedded {
  readonly settings: Parsed;
  /** The gateway's log file: the terminal is for people. */
  readonly logTo: DestinationStream;
  /** Seeds the demo directory at the first start, waits until OPA decides, and prints what to try next. */
  welcome(gateway: Gateway, say: (line: string) => void): Promise<void>;
  stop(): Promise<void>;
}

/** @throws ProfileError with words for a person */
export async function startEmbeddedProfile(
  parsed: Parsed,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Embedded> {
  const started = performance.now();
  const publicUrl = parsed.PUBLIC_URL ?? `http://127.0.0.1:${parsed.PORT}`;
  const bundleToken = randomBytes(32).toString('base64url');
  // Before anything that takes long: the real listening comes last.
  for (const port of [parsed.PORT, parsed.METRICS_PORT]) await requireFree(parsed.HOST, port);
  say('Preparing the embedded profile: PostgreSQL 16, Open Policy Agent, a demo identity provider, emulated systems.');
  const [world, servers] = await bothOrNone(
    startDemoWorld(DEMO_PEOPLE, signal),
    startEmbedded({
      dataDir: parsed.OPENCLAW_DATA_DIR,
      opaConfig: (key) =>
        opaBootConfig(
          `http://${parsed.HOST === '0.0.0.0' ? '127.0.0.1' : parsed.HOST}:${parsed.PORT}`,
          bundleToken,
          key,
        ),
      redirectUris: [`${publicUrl}/auth/callback`],
      postLogoutRedirectUris: [`${publicUrl}/`],
      accounts: DEMO_PEOPLE.map(({ email, name }) => ({ email, name })),
      progress: (line) => say(`  ${line}`),
      signal,
    }),
  );
  const settings: Parsed = {
    ...parsed,
    DATABASE_URL: servers.databaseUrl,
    DATABASE_DIRECT_URL: servers.databaseDirectUrl,
    OPA_URL: servers.opaUrl,
    OPA_TOKEN: servers.opaToken,
    OPA_BIN: servers.opaBinary ?? parsed.OPA_BIN,
    OPA_BUNDLE_TOKEN: bundleToken,
    OPA_BUNDLE_SIGNING_KEY: servers.bundleSigningKey,
    SEALING_KEYS: servers.sealingKeys,
    CONNECTOR_PRIVATE_HOSTS: [
      ...parsed.CONNECTOR_PRIVATE_HOSTS,
      ...Object.values(world.urls).map((url) => new URL(url).host),
    ],
    OIDC_ISSUER: servers.issuer,
    OIDC_CLIENT_ID: servers.clientId,
    OIDC_CLIENT_SECRET: servers.clientSecret,
  };
  const log = new BoundedLog(join(parsed.OPENCLAW_DATA_DIR, 'logs', 'gateway.log'));
  return {
    settings,
    logTo: destination({ fd: log.fd, sync: true }),
    stop: async () => {
      await Promise.all([servers.stop(), world.stop()]);
    },
    welcome: async (gateway, tell) => {
      await seedDemo(gateway.app, tell);
      await seedConnectors(gateway.app, world, tell);
      await opaReady(gateway.app.get(Propagation), signal);
      firstScreen(gateway, servers, Math.round(performance.now() - started), tell);
    },
  };
}

/** If one cannot start, the other is stopped. */
async function bothOrNone<A extends { stop(): Promise<void> }, B extends { stop(): Promise<void> }>(
  one: Promise<A>,
  other: Promise<B>,
): Promise<[A, B]> {
  const results = await Promise.allSettled([one, other]);
  const failed = results.find((result) => result.status === 'rejected');
  if (!failed) return results.map((result) => (result as PromiseFulfilledResult<A | B>).value) as [A, B];
  await Promise.all(results.map((result) => (result.status === 'fulfilled' ? result.value.stop() : undefined)));
  throw failed.reason;
}

/** Throws the error of `listen` where the port is taken. */
async function requireFree(host: string, port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((free, taken) => probe.once('error', taken).listen(port, host, free));
  await new Promise((closed) => probe.close(closed));
}

async function opaReady(propagation: Propagation, signal: AbortSignal): Promise<void> {
  for (let i = 0; i < 300 && propagation.lag() !== undefined && !signal.aborted; i++) {
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

function firstScreen(gateway: Gateway, servers: EmbeddedServers, ms: number, say: (line: string) => void): void {
  const width = Math.max(...servers.accounts.map((account) => account.email.length), 0);
  const lines = [
    '',
    `OpenClaw Enterprise is ready at ${gateway.url}   (after ${(ms / 1000).toFixed(1)} s)`,
    '',
    'Demo accounts for the sign-in page:',
    ...servers.accounts.map((account) => `  ${account.email.padEnd(width)}  ${account.password}`),
    '',
    'Try next, in another terminal:',
    `  npx oce doctor                              # is everything well?`,
    `  TOKEN=$(npx oce token alice@acme.test)      # a token of Alice`,
    `  curl -s ${gateway.url}/api/v1/policy/evaluate -H "Authorization: Bearer $TOKEN" \\`,
    `       -H 'Content-Type: application/json' -d '{"action":"email_send"}'`,
    `  npx oce briefing --as alice@acme.test       # Alice's day`,
    `  npx oce audit tail --as admin@acme.test     # what was recorded`,
    '',
    `  API page ${gateway.url}/docs · metrics http://127.0.0.1:${gateway.app.get(MetricsServer).port}/metrics`,
    `  Logs ${join(gateway.settings.OPENCLAW_DATA_DIR, 'logs')} · stop with Ctrl-C`,
    '',
  ];
  for (const line of lines) say(line);
}
