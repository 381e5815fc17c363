import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChildProcess } from 'node:child_process';
import { ProfileError } from '../errors.ts';
import { BoundedLog } from '../host/bounded-log.ts';
import { type FileLock } from '../host/file-lock.ts';
import { lockDataDirectory } from '../host/gateway-lock.ts';
import { freePort } from '../host/ports.ts';
import { privateDirectory, readJson, storageError, writeJson } from '../host/private-files.ts';
import { secret } from '../host/secrets.ts';
import { childEnvironment, spawnProcess } from '../host/spawn.ts';
import { type ServerExit, type ServerState, SupervisedProcess } from '../host/supervised-process.ts';
import { type Progress } from '../progress.ts';
import { findPostgresBinaries } from './binaries.ts';
import { APP_ROLE, DATABASE, OWNER_ROLE, type Passwords, bootstrap, connectionUrl } from './bootstrap.ts';
import { DISK_FULL, SUPERUSER, clusterExists, createCluster, removeInterruptedInit, writeSettings } from './cluster.ts';
import { STOP_POSTGRES, canonical, clearLeftovers, readPostmasterFile } from './leftovers.ts';
import { type Launcher, chooseLauncher, giveTo } from './unprivileged.ts';

export interface PostgresOptions {
  /** Everything is kept below: `postgres/`, `logs/`, `secrets.json`. */
  dataDir: string;
  progress: Progress;
  env?: NodeJS.ProcessEnv | undefined;
  /** Set by a caller that has locked the folder already. */
  locked?: boolean | undefined;
  /** Gives up a start that is under way. */
  signal?: AbortSignal | undefined;
  /** The ways to run it that are tried as root; for tests. */
  launchers?: Launcher[] | undefined;
  /** Called after each end of the postmaster, expected or not. */
  onExit?: ((exit: ServerExit) => void) | undefined;
}

const PORT_ATTEMPTS = 4;
/** Crash recovery may take its time; a line of progress is due this often. */
const STILL_STARTING_MS = 5_000;

/**
 * A PostgreSQL 16 of our own on 127.0.0.1, with its data in a folder.
 *
 *     const server = await PostgresServer.start({ dataDir, progress });
 *     new Pool({ connectionString: server.appUrl });
 *     await server.stop();
 *
 * The port is fixed for the life of the object, also when the server dies and is started again.
 */
export class PostgresServer {
  readonly #process: SupervisedProcess;
  readonly #log: BoundedLog;
  readonly #lock: FileLock | undefined;
  readonly #passwords: Passwords;
  readonly port: number;

  private constructor(parts: {
    process: SupervisedProcess;
    log: BoundedLog;
    lock: FileLock | undefined;
    passwords: Passwords;
    port: number;
  }) {
    this.#process = parts.process;
    this.#log = parts.log;
    this.#lock = parts.lock;
    this.#passwords = parts.passwords;
    this.port = parts.port;
  }

  /** Throws ProfileError: in_use, wrong_version, not_writable, disk_full, not_found (no binaries), failed. */
  static async start(options: PostgresOptions): Promise<PostgresServer> {
    const { progress, onExit, signal } = options;
    privateDirectory(options.dataDir);
    const lock = options.locked ? undefined : lockDataDirectory(options.dataDir);
    let log: BoundedLog | undefined;
    try {
      const dataDir = canonical(options.dataDir);
      const cluster = await openCluster(dataDir, options);
      log = new BoundedLog(join(dataDir, 'logs', 'postgres.log'));
      const stateFile = join(dataDir, 'postgres.json');
      let preferred = readJson<{ port: number }>(stateFile)?.port;
      for (let attempt = 1; ; attempt++) {
        await clearLeftovers(cluster.directory, progress); // before the look: they may be what holds the port
        const port = await freePort(preferred);
        const process = supervise({ ...cluster, port, log, progress, onExit });
        const giveUp = () => void process.stop().catch(() => {}); // stopped once more, and awaited, below
        signal?.throwIfAborted();
        signal?.addEventListener('abort', giveUp);
        try {
          await process.start();
          writeJson(stateFile, { port });
          await bootstrap(connectionUrl(SUPERUSER, cluster.passwords.admin, port, 'postgres'), cluster.passwords);
          return new PostgresServer({ process, log, lock, passwords: cluster.passwords, port });
        } catch (error) {
          await process.stop();
          // Somebody took the port between our look and the server's.
          if (!(error instanceof PortTaken) || attempt === PORT_ATTEMPTS) throw error;
          preferred = undefined;
        } finally {
          signal?.removeEventListener('abort', giveUp);
        }
      }
    } catch (error) {
      log?.close();
      lock?.release();
      throw error;
    }
  }

  /** Of the postmaster; undefined while there is none. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get state(): ServerState {
    return this.#process.state;
  }

  /** As superuser, to the database `postgres`. For repairs and tests only. */
  get adminUrl(): string {
    return connectionUrl(SUPERUSER, this.#passwords.admin, this.port, 'postgres');
  }

  get ownerUrl(): string {
    return connectionUrl(OWNER_ROLE, this.#passwords.owner, this.port, DATABASE);
  }

  get appUrl(): string {
    return connectionUrl(APP_ROLE, this.#passwords.app, this.port, DATABASE);
  }

  /** Resolves when it accepts connections (again); rejects when it is stopped. */
  whenRunning(): Promise<void> {
    return this.#process.whenRunning();
  }

  /** Sends a signal to the postmaster: for tests of what happens then. */
  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Fast shutdown; resolves when no process is left. Safe to call twice. */
  async stop(): Promise<void> {
    if (this.state === 'stopped') return;
    await this.#process.stop();
    this.#log.close();
    this.#lock?.release();
  }
}

class PortTaken extends Error {}

interface Cluster {
  directory: string;
  postgres: string;
  launcher: Launcher;
  env: NodeJS.ProcessEnv;
  passwords: Passwords;
}

/** Finds or makes the data directory, and how to run PostgreSQL on it. */
async function openCluster(dataDir: string, options: PostgresOptions): Promise<Cluster> {
  const { progress, env = process.env } = options;
  const directory = join(dataDir, 'postgres');
  const exists = clusterExists(directory);
  const { postgres, initdb, libraryPath } = findPostgresBinaries(dataDir);
  const childEnv = childEnvironment(env, libraryPath ? { LD_LIBRARY_PATH: libraryPath } : {});
  const passwords = {
    admin: secret(dataDir, 'postgresAdmin'),
    owner: secret(dataDir, 'postgresOwner'),
    app: secret(dataDir, 'postgresApp'),
  };
  const launcher = await chooseLauncher(postgres, dataDir, childEnv, options.launchers);
  await removeInterruptedInit(directory);
  if (!exists) {
    progress('Creating the database …');
    await createCluster(directory, { initdb, password: passwords.admin, launcher, env: childEnv });
  }
  giveTo(directory, launcher.owner);
  return { directory, postgres, launcher, env: childEnv, passwords };
}

function supervise({
  directory,
  postgres,
  launcher,
  env,
  port,
  log,
  progress,
  onExit,
}: Cluster & {
  port: number;
  log: BoundedLog;
  progress: Progress;
  onExit: PostgresOptions['onExit'];
}): SupervisedProcess {
  let logStart = 0;
  return new SupervisedProcess({
    name: 'PostgreSQL',
    stopSteps: STOP_POSTGRES,
    progress,
    onExit,
    clean: () => clearLeftovers(directory, progress),
    async launch() {
      writeSettings(directory, launcher);
      logStart = log.size;
      const { command, args, options } = launcher.wrap(postgres, ['-D', directory, '-p', String(port)]);
      // A session of its own: Ctrl-C in the terminal is for the gateway, which stops us when it has drained.
      return spawnProcess(command, args, {
        ...options,
        cwd: '/',
        env,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      });
    },
    async ready(child: ChildProcess, signal: AbortSignal) {
      const begun = performance.now();
      for (let lines = 1; ;) {
        if (signal.aborted) throw startFailure(log.since(logStart), directory, signal.reason);
        const file = readPostmasterFile(directory);
        if (file?.ready && file.pid === child.pid) return;
        if (performance.now() - begun > STILL_STARTING_MS * lines) {
          progress(`PostgreSQL is recovering its data … ${5 * lines++} s`);
        }
        await delay(20, undefined, { signal }).catch(() => {});
      }
    },
  });
}

/** Turns the end of PostgreSQL's log into an error that says what to do. */
function startFailure(output: string, directory: string, reason: unknown): unknown {
  if (/Address already in use|could not create any TCP\/IP sockets/.test(output)) return new PortTaken('port taken');
  if (DISK_FULL.test(output)) {
    return storageError(Object.assign(new Error(output), { code: 'ENOSPC' }), directory);
  }
  const fatal = output.split('\n').filter((line) => /FATAL|PANIC|HINT|error while loading/.test(line));
  const said = fatal.length > 0 ? ` It said: ${fatal.slice(-3).join(' ')}` : '';
  return new ProfileError('failed', `PostgreSQL did not start on ${directory}.${said}`, { cause: reason });
}
