import { createHash } from 'node:crypto';
import { type ChildProcess } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ProfileError } from '../errors.ts';
import { BoundedLog } from '../host/bounded-log.ts';
import { freePort } from '../host/ports.ts';
import { privateDirectory, readJson, writeJson, writePrivate } from '../host/private-files.ts';
import { type StopStep, commandLine, processesNaming, terminate } from '../host/processes.ts';
import { randomSecret } from '../host/secrets.ts';
import { childEnvironment, spawnProcess } from '../host/spawn.ts';
import { type ServerExit, type ServerState, SupervisedProcess } from '../host/supervised-process.ts';
import { type Progress } from '../progress.ts';

export interface OpaOptions {
  dataDir: string;
  /** From obtainOpa(). */
  binary: string;
  /** OPA's own configuration: services, bundles, status, … What it persists goes below `dataDir`. */
  config: Record<string, unknown>;
  progress: Progress;
  env?: NodeJS.ProcessEnv | undefined;
  onExit?: ((exit: ServerExit) => void) | undefined;
}

const STOP_OPA: readonly StopStep[] = [
  ['SIGTERM', 5_000],
  ['SIGKILL', 5_000],
];
const PORT_ATTEMPTS = 4;
const READY_WITHIN_MS = 20_000;

/**
 * Only the holder of the token may ask or change anything; anybody may see that OPA is alive. The file has the token's
 * hash, so that reading policies back over the API does not give the token away.
 */
const authorization = (token: string): string => `package system.authz

default allow := false

allow if crypto.sha256(input.identity) == "${createHash('sha256').update(token).digest('hex')}"

allow if {
	input.method == "GET"
	input.path == ["health"]
}
`;

/** An OPA of our own on 127.0.0.1. Port and token stay the same when it dies and is started again. */
export class OpaServer {
  readonly #process: SupervisedProcess;
  readonly #log: BoundedLog;
  readonly port: number;
  /** Send it as `Authorization: Bearer`. New at each start(). */
  readonly token: string;
  /** The program that runs. */
  readonly binary: string;

  private constructor(process: SupervisedProcess, log: BoundedLog, port: number, token: string, binary: string) {
    this.#process = process;
    this.#log = log;
    this.port = port;
    this.token = token;
    this.binary = binary;
  }

  static async start(options: OpaOptions): Promise<OpaServer> {
    const folder = privateDirectory(join(realpathSync(privateDirectory(options.dataDir)), 'opa'));
    const stateFile = join(folder, 'state.json');
    const token = randomSecret();
    writePrivate(join(folder, 'authz.rego'), authorization(token));
    writeJson(join(folder, 'config.json'), {
      ...options.config,
      persistence_directory: privateDirectory(join(folder, 'persisted')),
    });
    const log = new BoundedLog(join(folder, '..', 'logs', 'opa.log'));
    let preferred = readJson<{ port: number }>(stateFile)?.port;
    try {
      for (let attempt = 1; ; attempt++) {
        await clearOrphan(folder, options.progress); // before the look: it may be what holds the port
        const port = await freePort(preferred);
        const process = supervise(folder, { ...options, port, token, log });
        try {
          await process.start();
          writeJson(stateFile, { port });
          return new OpaServer(process, log, port, token, options.binary);
        } catch (error) {
          if (!(error instanceof PortTaken) || attempt === PORT_ATTEMPTS) throw error;
          preferred = undefined;
        }
      }
    } catch (error) {
      log.close();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get state(): ServerState {
    return this.#process.state;
  }

  /** Resolves when it answers (again); rejects when it is stopped. */
  whenRunning(): Promise<void> {
    return this.#process.whenRunning();
  }

  /** Sends a signal: for tests of what happens then. */
  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Resolves when no process is left. Safe to call twice. */
  async stop(): Promise<void> {
    if (this.state === 'stopped') return;
    await this.#process.stop();
    this.#log.close();
  }
}

class PortTaken extends Error {}

/** Recognised by the path of its configuration, which no other OPA has on its command line. */
async function clearOrphan(folder: string, progress: Progress): Promise<void> {
  const config = join(folder, 'config.json');
  const orphans = processesNaming(config).filter((pid) => commandLine(pid).join(' ').includes(' run --server '));
  if (orphans.length === 0) return;
  progress(`Stopping the OPA that an earlier gateway left running (process ${orphans.join(', ')}) …`);
  if (await terminate(orphans, STOP_OPA)) return;
  throw new ProfileError('failed', `OPA (process ${orphans.join(', ')}) uses ${folder} and cannot be stopped.`);
}

function supervise(
  folder: string,
  {
    binary,
    port,
    token,
    log,
    progress,
    onExit,
    env = process.env,
  }: OpaOptions & { port: number; token: string; log: BoundedLog },
): SupervisedProcess {
  let logStart = 0;
  return new SupervisedProcess({
    name: 'OPA',
    stopSteps: STOP_OPA,
    progress,
    onExit,
    clean: () => clearOrphan(folder, progress),
    launch() {
      logStart = log.size;
      const args = [
        ...['run', '--server', '--addr', `127.0.0.1:${port}`, '--log-level', 'error', '--skip-version-check'],
        ...['--authentication=token', '--authorization=basic', '--shutdown-grace-period=3'],
        ...['--config-file', join(folder, 'config.json'), join(folder, 'authz.rego')],
      ];
      // A session of its own: Ctrl-C in the terminal is for the gateway, which stops us when it has drained.
      const stdio = ['ignore' as const, log.fd, log.fd];
      return spawnProcess(binary, args, { cwd: folder, env: childEnvironment(env), detached: true, stdio });
    },
    async ready(_child: ChildProcess, signal: AbortSignal) {
      const begun = performance.now();
      for (;;) {
        if (signal.aborted || performance.now() - begun > READY_WITHIN_MS) {
          throw startFailure(log.since(logStart), signal.reason);
        }
        if (await answers(`http://127.0.0.1:${port}`, token)) return;
        await delay(20, undefined, { signal }).catch(() => {});
      }
    },
  });
}

/** Asks something that only our OPA would answer, and only to our token. */
async function answers(url: string, token: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/policies`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(2_000),
    });
    return response.ok && Array.isArray(((await response.json()) as { result?: unknown }).result);
  } catch {
    return false;
  }
}

function startFailure(output: string, reason: unknown): Error {
  if (/address already in use/.test(output)) return new PortTaken('port taken');
  const said = output.trim().split('\n').slice(-3).join(' ');
  return new ProfileError('failed', `OPA did not start.${said && ` It said: ${said}`}`, { cause: reason });
}
