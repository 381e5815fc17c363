import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, mintDemoToken, mintPersonToken, obtainOpa } from '#libs/profile';
import { until } from './until.ts';

/** As in `npm start`. */
const YOUNG_GENERATION = '--max-semi-space-size=64';

const ROOT = join(import.meta.dirname, '..', '..');
/** A first start makes a database and its schema, on a machine that may be busy. */
const READY_MS = 120_000;
const STOP_MS = 30_000;
/** Characters of output that are kept. */
const OUTPUT = 100_000;

/** Limits that protect a tenant from its neighbours end a campaign after a second. */
export const WITHOUT_LIMITS: Readonly<Record<string, string>> = {
  RATE_LIMIT_POLICY_CHANGES: '1000000',
  RATE_LIMIT_AUDIT_QUERIES: '1000000',
  RATE_LIMIT_EXPORTS: '1000000',
  RATE_LIMIT_WORK: '1000000',
  RATE_LIMIT_ADMIN: '1000000',
  RATE_LIMIT_STATUS: '1000000',
  RATE_LIMIT_SIGN_IN: '1000000',
  RATE_LIMIT_EVALUATIONS: '100000000',
  RATE_LIMIT_AUDIT_APPENDS: '100000000',
};

/** A gateway that runs with the embedded profile, whose data folder is at hand. */
export class RunningGateway {
  constructor(
    readonly url: string,
    readonly dataDir: string,
  ) {}

  /** A token of a person of the demo directory. */
  token(email: string): Promise<string> {
    return mintDemoToken(this.dataDir, email, new Date());
  }

  /** A token of anybody in the directory. */
  personToken(person: { readonly email: string; readonly name: string }): Promise<string> {
    return mintPersonToken(this.dataDir, person, new Date());
  }

  /** What its log has about a request. */
  logOf(requestId: string): readonly string[] {
    const lines = readFileSync(join(this.dataDir, 'logs', 'gateway.log'), 'utf8').split('\n');
    return lines.filter((line) => line.includes(requestId));
  }

  /** Its database, as a superuser. */
  get databaseUrl(): string {
    const read = (name: string) => JSON.parse(readFileSync(join(this.dataDir, name), 'utf8')) as Record<string, string>;
    const url = new URL('postgresql://postgres@127.0.0.1/openclaw');
    url.password = read('secrets.json').postgresAdmin!;
    url.port = String(read('postgres.json').port);
    return url.href;
  }

  /** Nothing: whoever started it ends it. */
  async stop(): Promise<void> {}
}

/**
 * The product as people start it: `bin/start.mjs` in a process of its own with the embedded profile. It ends when this
 * process goes away.
 */
export class GatewayProcess extends RunningGateway {
  output = '';

  private constructor(
    readonly child: ChildProcess,
    dataDir: string,
    port: string,
    metricsPort: string,
    private readonly isTemporary: boolean,
  ) {
    super(`http://127.0.0.1:${port}`, dataDir);
    this.metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk) => (this.output = (this.output + String(chunk)).slice(-OUTPUT)));
    }
  }

  readonly metricsUrl: string;

  get pid(): number {
    return this.child.pid!;
  }

  static async spawn(
    dataDir: string,
    env: Readonly<Record<string, string>> = {},
    isTemporary = false,
  ): Promise<GatewayProcess> {
    const port = env.PORT ?? String(await freePort());
    const metricsPort = env.METRICS_PORT ?? String(await freePort());
    const { PATH, HOME, OPA_BIN } = process.env;
    const child = spawn(process.execPath, [YOUNG_GENERATION, 'bin/start.mjs'], {
      cwd: ROOT,
      env: { PATH, HOME, OPA_BIN, OPENCLAW_DATA_DIR: dataDir, ...env, PORT: port, METRICS_PORT: metricsPort },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    return new GatewayProcess(child, dataDir, port, metricsPort, isTemporary);
  }

  /** One that is ready, on free ports, with its data in a folder that `stop` removes. */
  static async temporary(options: {
    env: Readonly<Record<string, string>>;
    say: (line: string) => void;
    signal?: AbortSignal;
  }): Promise<GatewayProcess> {
    const { env, say, signal } = options;
    const OPA_BIN = await obtainOpa({ dataDir: join(ROOT, '.openclaw'), progress: say, signal });
    const dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'oce-campaign-')));
    const gateway = await GatewayProcess.spawn(dataDir, { OPA_BIN, HOST: '127.0.0.1', ...env }, true);
    try {
      return await gateway.ready(signal);
    } catch (error) {
      await gateway.stop();
      throw error;
    }
  }

  /** Resolves when it says that it is ready; throws with its output where it ends before. */
  async ready(signal?: AbortSignal): Promise<this> {
    await until(
      'the gateway is ready',
      () => {
        signal?.throwIfAborted();
        const { exitCode, signalCode } = this.child;
        if (exitCode !== null || signalCode !== null) {
          throw new Error(`The gateway ended with ${exitCode ?? signalCode} while it started:\n${this.output}`);
        }
        return this.output.includes('is ready at');
      },
      READY_MS,
    );
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

  /** Ends it as an operator does, and after 30 s as the system does. */
  override async stop(): Promise<void> {
    this.kill('SIGTERM');
    const timer = setTimeout(() => this.kill('SIGKILL'), STOP_MS);
    await this.ended();
    clearTimeout(timer);
    if (this.isTemporary) rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
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
