import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

/** There is no OPA program to run, or it could not be run. */
export class OpaCommandMissing extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OpaCommandMissing';
  }
}

/** How a run ended. `killed` says why it was ended before it was done. */
export interface OpaRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly killed: 'time' | 'output' | null;
}

export interface RunLimits {
  /** Milliseconds, the start of the process included. */
  readonly timeoutMs: number;
  /** Bytes of standard output and standard error together. */
  readonly outputBytes: number;
}

const DEFAULT_LIMITS: RunLimits = { timeoutMs: 5_000, outputBytes: 16 * 1024 * 1024 };
/** Children at once: each may take a core for its whole time limit. */
const CONCURRENT = 2;
/** Runs that may wait for their turn. */
const WAITING = 50;

/**
 * The OPA program, run as a child without a shell: bounded time, output and concurrency. The child sees nothing of our
 * environment and works in a folder of its own, gone when the work is done.
 */
export class OpaCommand {
  private running = 0;
  private readonly queue: (() => void)[] = [];

  /** @param binary its path; without one, `opa` on the PATH */
  constructor(private readonly binary?: string) {}

  /** Where the program is. @throws OpaCommandMissing */
  find(): string {
    if (this.binary !== undefined) {
      const path = resolve(this.binary);
      if (isProgram(path)) return path;
      throw new OpaCommandMissing(`OPA_BIN is ${path}, which is no program.`);
    }
    for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
      const path = resolve(folder, 'opa');
      if (isProgram(path)) return path;
    }
    throw new OpaCommandMissing('There is no OPA program: OPA_BIN is not set, and no "opa" is on the PATH.');
  }

  /**
   * Gives the work a folder with these files, and takes the folder away afterwards. Waits for its turn.
   * @throws OpaCommandMissing; OpaCommandBusy where too many wait already
   */
  async within<T>(files: Readonly<Record<string, string>>, work: (folder: OpaFolder) => Promise<T>): Promise<T> {
    const binary = this.find();
    await this.turn();
    try {
      const path = await mkdtemp(join(tmpdir(), 'openclaw-opa-'));
      try {
        for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text, { mode: 0o600 });
        return await work(new OpaFolder(binary, path));
      } finally {
        await rm(path, { recursive: true, force: true });
      }
    } finally {
      this.running--;
      this.queue.shift()?.();
    }
  }

  private async turn(): Promise<void> {
    if (this.running >= CONCURRENT) {
      if (this.queue.length >= WAITING) throw new OpaCommandBusy();
      await new Promise<void>((next) => this.queue.push(next));
    }
    this.running++;
  }
}

/** So many runs wait already that another one would wait too long. */
export class OpaCommandBusy extends Error {
  constructor() {
    super('too many policies are being checked');
    this.name = 'OpaCommandBusy';
  }
}

/** A folder in which the program may be run. */
export class OpaFolder {
  constructor(
    private readonly binary: string,
    readonly path: string,
  ) {}

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.path, name), text, { mode: 0o600 });
  }

  /** Runs `opa <args>`. A run past its limits is killed, and says so. @throws OpaCommandMissing */
  run(args: readonly string[], limits: Partial<RunLimits> = {}): Promise<OpaRun> {
    const { timeoutMs, outputBytes } = { ...DEFAULT_LIMITS, ...limits };
    return new Promise((done, failed) => {
      const child = spawn(this.binary, args, {
        cwd: this.path,
        env: { GOMAXPROCS: '1', GOMEMLIMIT: '256MiB', HOME: this.path, LC_ALL: 'C', TZ: 'UTC' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [out, err] = [[] as Buffer[], [] as Buffer[]];
      let [size, killed] = [0, null as OpaRun['killed']];
      const end = (why: NonNullable<OpaRun['killed']>) => {
        killed ??= why;
        child.kill('SIGKILL');
      };
      const timer = setTimeout(() => end('time'), timeoutMs);
      const collect = (parts: Buffer[]) => (part: Buffer) => {
        size += part.length;
        if (size > outputBytes) end('output');
        else parts.push(part);
      };
      child.stdout.on('data', collect(out));
      child.stderr.on('data', collect(err));
      child.once('error', (error) => {
        clearTimeout(timer);
        failed(new OpaCommandMissing(`OPA could not be run: ${error.message}`, { cause: error }));
      });
      child.once('close', (code) => {
        clearTimeout(timer);
        done({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), killed });
      });
    });
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
