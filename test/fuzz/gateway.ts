import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, mintDemoToken, obtainOpa } from '#libs/profile';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const STOP_MS = 30_000;

/** Limits that protect a tenant would answer most of the requests. */
const RAISED = Object.fromEntries(
  ['POLICY_CHANGES', 'AUDIT_QUERIES', 'EXPORTS', 'ADMIN', 'STATUS', 'SIGN_IN'].map((name) => [
    `RATE_LIMIT_${name}`,
    '1000000',
  ]),
);

/** The gateway that is fuzzed. */
export interface Target {
  readonly url: string;
  token(email: string): Promise<string>;
  /** What its log has about a request. */
  logOf(requestId: string): readonly string[];
  stop(): Promise<void>;
}

/** A gateway that runs already, with its data folder, from which demo tokens are made. */
export function runningGateway(url: string, dataDir: string): Target {
  return {
    url,
    token: (email) => mintDemoToken(dataDir, email, new Date()),
    logOf: (requestId) => {
      const lines = readFileSync(join(dataDir, 'logs', 'gateway.log'), 'utf8').split('\n');
      return lines.filter((line) => line.includes(requestId));
    },
    stop: async () => undefined,
  };
}

/** Starts the product as `npm start` does, with its data in a temporary folder and on free ports. */
export async function startOwnGateway(say: (line: string) => void): Promise<Target> {
  const binary = await obtainOpa({ dataDir: join(ROOT, '.openclaw'), progress: say });
  const dataDir = mkdtempSync(join(tmpdir(), 'oce-fuzz-'));
  const port = await freePort();
  const child = spawn(process.execPath, ['bin/start.mjs'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      OPA_BIN: binary,
      HOST: '127.0.0.1',
      PORT: String(port),
      METRICS_PORT: String(await freePort()),
      OPENCLAW_DATA_DIR: dataDir,
      ...RAISED,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = async () => {
    await end(child);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    await ready(child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...runningGateway(`http://127.0.0.1:${port}`, dataDir), stop };
}

function ready(child: ChildProcess): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk) => {
        output = (output + String(chunk)).slice(-8_000);
        if (output.includes('is ready at')) resolve();
      });
    }
    child.once('exit', (code) => reject(new Error(`The gateway ended with ${code}:\n${output}`)));
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
