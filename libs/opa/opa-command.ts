import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { OpaCommandMissing, type OpaRun, runOpa } from './opa-run.ts';

/** Milliseconds with the start of the process, and bytes of output, that a run may take. */
interface Limits {
  readonly timeoutMs: number;
  readonly outputBytes: number;
}

const DEFAULT_LIMITS: Limits = { timeoutMs: 5_000, outputBytes: 16 * 1024 * 1024 };
/** Children at once: each may take a core for its whole time limit. */
const CONCURRENT = 2;
/** Runs that may wait for their turn. */
const WAITING = 50;

/**
 * The OPA program for work on files: few runs at once, each in a folder of its own that is gone when the work is done.
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

  /** Runs `opa <args>` in the folder. A run past its limits is killed, and says so. @throws OpaCommandMissing */
  run(args: readonly string[], limits: Partial<Limits> = {}): Promise<OpaRun> {
    return runOpa(this.binary, args, { folder: this.path, memoryMiB: 256, ...DEFAULT_LIMITS, ...limits });
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
