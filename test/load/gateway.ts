import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, mintDemoToken, obtainOpa } from '#libs/profile';
import pg from 'pg';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const STOP_MS = 30_000;
/** As in `npm start`. */
const YOUNG_GENERATION = '--max-semi-space-size=64';

/** The gateway that is put under load. */
export interface Target {
  readonly url: string;
  /** A token of a person by e-mail; of the administrator where the gateway is not ours. */
  token(email: string): Promise<string>;
  /** Only of a gateway of our own, on this machine. */
  readonly own?: {
    readonly pid: number;
    readonly metricsUrl: string;
    /** As a superuser of the temporary database. */
    readonly databaseUrl: string;
  };
  stop(): Promise<void>;
}

export const ADMIN = 'admin@acme.test';
export const TENANT = 'acme';

/** Limits that protect a tenant from its neighbours would end a load test after a second. */
const RAISED = {
  RATE_LIMIT_POLICY_CHANGES: '1000000',
  RATE_LIMIT_AUDIT_QUERIES: '1000000',
  RATE_LIMIT_EXPORTS: '1000000',
  RATE_LIMIT_ADMIN: '1000000',
  RATE_LIMIT_STATUS: '1000000',
  RATE_LIMIT_EVALUATIONS: '100000000',
  RATE_LIMIT_AUDIT_APPENDS: '100000000',
};

/**
 * Starts the product as `npm start` does, with the embedded profile in a temporary folder and on free ports. It ends when
 * `stop` is called or this process goes away.
 */
export async function startOwnGateway(say: (line: string) => void, signal: AbortSignal): Promise<Target> {
  const binary = await obtainOpa({ dataDir: join(ROOT, '.openclaw'), progress: say, signal });
  const dataDir = mkdtempSync(join(tmpdir(), 'oce-load-'));
  const [port, metricsPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [YOUNG_GENERATION, 'bin/start.mjs'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      OPA_BIN: binary,
      HOST: '127.0.0.1',
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      OPENCLAW_DATA_DIR: dataDir,
      OPENCLAW_REPLICA_ID: 'load',
      ...RAISED,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const stop = async () => {
    await end(child);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    await ready(child, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}`,
    token: (email) => mintDemoToken(dataDir, email, new Date()),
    own: {
      pid: child.pid!,
      metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
      databaseUrl: databaseUrl(dataDir),
    },
    stop,
  };
}

/** A gateway that runs already. */
export function runningGateway(url: string, token: string): Target {
  return { url, token: async () => token, stop: async () => undefined };
}

export async function withDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function ready(child: ChildProcess, signal: AbortSignal): Promise<void> {
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk) => (output = (output + String(chunk)).slice(-8_000)));
  }
  return new Promise((resolve, reject) => {
    child.on('message', (message) => message === 'ready' && resolve());
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The gateway ended with ${code} while it started:\n${output}`)));
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}

function databaseUrl(dataDir: string): string {
  const read = (name: string) => JSON.parse(readFileSync(join(dataDir, name), 'utf8')) as Record<string, string>;
  const url = new URL('postgresql://postgres@127.0.0.1/openclaw');
  url.password = read('secrets.json').postgresAdmin!;
  url.port = String(read('postgres.json').port);
  return url.href;
}
