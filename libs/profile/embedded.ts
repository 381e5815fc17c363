import { BundleSigner } from '#libs/opa';
import { newSealingKeys } from '#libs/sealing';
import { type FileLock } from './host/file-lock.ts';
import { lockDataDirectory } from './host/gateway-lock.ts';
import { type DemoAccount, type DemoPerson } from './idp/demo-files.ts';
import { secret } from './host/secrets.ts';
import { DemoIdentityProvider } from './idp/demo-identity-provider.ts';
import { obtainOpa } from './opa/obtain-opa.ts';
import { OpaServer } from './opa/opa-server.ts';
import { PostgresServer } from './postgres/postgres-server.ts';
import { type Progress } from './progress.ts';

export interface EmbeddedOptions {
  dataDir: string;
  /** OPA's configuration: services, bundles, status, … Gets the key with which bundles are signed. */
  opaConfig: (bundleSigningKey: string) => Record<string, unknown>;
  redirectUris: string[];
  postLogoutRedirectUris?: string[] | undefined;
  accounts: readonly DemoPerson[];
  /** DATABASE_URL (with DATABASE_DIRECT_URL), OPA_URL (with OPA_TOKEN) and OIDC_ISSUER replace the server in question. */
  env?: NodeJS.ProcessEnv | undefined;
  progress: Progress;
  /** Gives up a start that is under way, a long build included. */
  signal?: AbortSignal | undefined;
}

export interface EmbeddedServers {
  /** For the app's role. */
  databaseUrl: string;
  /** For the owner's role: migrations. */
  databaseDirectUrl: string;
  opaUrl: string;
  /** The program of the OPA that was started; undefined where yours is used. */
  opaBinary: string | undefined;
  /** Undefined if an OPA of yours needs none. */
  opaToken: string | undefined;
  /** Private key (PEM, P-256) kept in the data folder: bundles that OPA has on disk still verify after a restart. */
  bundleSigningKey: string;
  /** Kept in the data folder: what lies sealed in the database opens after a restart. */
  sealingKeys: string;
  issuer: string;
  clientId: string;
  clientSecret: string | undefined;
  /** Empty with an identity provider of your own. */
  accounts: readonly DemoAccount[];
  /** What was started; undefined where yours is used. */
  postgres: PostgresServer | undefined;
  opa: OpaServer | undefined;
  idp: DemoIdentityProvider | undefined;
  /** Resolves when no process is left. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts what the embedded profile needs, side by side. If one cannot start, those that did are stopped and its error is
 * thrown: ProfileError with words for a person.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServers> {
  const { dataDir, env = process.env, progress, signal } = options;
  signal?.throwIfAborted();
  const lock = lockDataDirectory(dataDir);
  const bundleSigningKey = secret(dataDir, 'bundleSigningKey', () => BundleSigner.newKey());
  const sealingKeys = env.SEALING_KEYS ?? secret(dataDir, 'sealingKeys', newSealingKeys);
  const giveUp = new AbortController();
  const stopEarly = AbortSignal.any([giveUp.signal, ...(signal ? [signal] : [])]);

  const starts = [
    env.DATABASE_URL ? undefined : PostgresServer.start({ dataDir, env, progress, signal: stopEarly, locked: true }),
    env.OPA_URL ? undefined : startOpa(options, options.opaConfig(bundleSigningKey), env, stopEarly),
    env.OIDC_ISSUER ? undefined : DemoIdentityProvider.start(options),
  ] as const;
  for (const start of starts) start?.catch((error: unknown) => giveUp.abort(error)); // a build need not go on
  const [postgres, opa, idp] = await Promise.allSettled(starts);
  const started = [postgres, opa, idp].map((result) => (result.status === 'fulfilled' ? result.value : undefined));
  const stop = stopOnce(started, lock);

  if (
    stopEarly.aborted ||
    postgres.status !== 'fulfilled' ||
    opa.status !== 'fulfilled' ||
    idp.status !== 'fulfilled'
  ) {
    await stop();
    throw stopEarly.reason;
  }
  return {
    databaseUrl: postgres.value?.appUrl ?? env.DATABASE_URL!,
    databaseDirectUrl: postgres.value?.ownerUrl ?? env.DATABASE_DIRECT_URL ?? env.DATABASE_URL!,
    opaUrl: opa.value?.url ?? env.OPA_URL!,
    opaBinary: opa.value?.binary,
    opaToken: opa.value ? opa.value.token : env.OPA_TOKEN,
    bundleSigningKey,
    sealingKeys,
    issuer: idp.value?.issuer ?? env.OIDC_ISSUER!,
    clientId: idp.value?.clientId ?? env.OIDC_CLIENT_ID ?? 'openclaw-enterprise',
    clientSecret: idp.value ? idp.value.clientSecret : env.OIDC_CLIENT_SECRET,
    accounts: idp.value?.accounts ?? [],
    postgres: postgres.value,
    opa: opa.value,
    idp: idp.value,
    stop,
  };
}

async function startOpa(
  options: EmbeddedOptions,
  config: Record<string, unknown>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<OpaServer> {
  const { dataDir, progress } = options;
  const binary = await obtainOpa({ dataDir, env, progress, signal });
  return OpaServer.start({ dataDir, env, progress, binary, config });
}

function stopOnce(servers: readonly ({ stop(): Promise<void> } | undefined)[], lock: FileLock): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stopAll = async () => {
    const results = await Promise.allSettled(servers.map((server) => server?.stop()));
    lock.release();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };
  return () => (stopping ??= stopAll());
}
