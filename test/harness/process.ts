import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#libs/profile';
import { until } from './until.ts';

/** The product as people start it: `bin/start.mjs` in a process of its own with the embedded profile. */
export class GatewayProcess {
  output = '';
  private constructor(
    readonly child: ChildProcess,
    readonly dataDir: string,
    readonly port: string,
  ) {
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (this.output += String(chunk)));
  }

  static async spawn(dataDir: string, env: Record<string, string> = {}): Promise<GatewayProcess> {
    const port = env.PORT ?? String(await freePort());
    const child = spawn(process.execPath, ['bin/start.mjs'], {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        OPA_BIN: process.env.OPA_BIN,
        OPENCLAW_DATA_DIR: dataDir,
        METRICS_PORT: String(await freePort()),
        ...env,
        PORT: port,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new GatewayProcess(child, dataDir, port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when it says that it is ready; throws with its output where it ends before. */
  async ready(): Promise<this> {
    await until('the gateway is ready', () => {
      if (this.child.exitCode !== null) throw new Error(`ended with ${this.child.exitCode}:\n${this.output}`);
      return this.output.includes('is ready at');
    });
    return this;
  }

  /** Resolves with the exit code, or the signal's name. */
  async ended(): Promise<number | string> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once('exit', done));
    return child.exitCode ?? child.signalCode!;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** A folder for a data directory, gone with everything that runs in it when `clean` is called. */
export function temporaryDataDir(): { path: string; clean(): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'oce-process-')));
  return {
    path,
    clean: () => {
      killAll(path);
      rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}

/** Ends every process of a folder at once; one that ends by itself meanwhile is fine. */
export function killAll(folder: string): void {
  for (const pid of processesOf(folder)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Ids of the processes that name the folder on their command line, in their environment's data folder, or live in it. */
export function processesOf(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => ['cmdline', 'environ'].some((file) => contains(`/proc/${pid}/${file}`, folder)));
}

function contains(file: string, text: string): boolean {
  try {
    return readFileSync(file, 'utf8').includes(text);
  } catch {
    return false;
  }
}
