import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';

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

export interface RunOptions {
  /** Where it works. */
  readonly folder?: string;
  /** What it reads on standard input. */
  readonly input?: string;
  /** Ends it at once. */
  readonly signal?: AbortSignal;
  /** Milliseconds, the start of the process included. */
  readonly timeoutMs?: number;
  /** Bytes of standard output and standard error together. */
  readonly outputBytes: number;
  /** Where Go's collector begins to work hard, in MiB. */
  readonly memoryMiB: number;
  /** Added to the niceness of this process; 5 leaves about a third where there is not enough for all. */
  readonly niceness?: number;
}

/**
 * Runs the OPA program once as a child without a shell, bounded in time, output, memory and processors. It gets nothing
 * of our environment, and whatever happens to it happens to nobody else.
 *
 * @throws OpaCommandMissing where it cannot be started, or the reason of `signal`
 */
export async function runOpa(binary: string, args: readonly string[], options: RunOptions): Promise<OpaRun> {
  const { folder, input, signal, timeoutMs, outputBytes, memoryMiB, niceness } = options;
  signal?.throwIfAborted();
  const child = spawn(binary, args, {
    cwd: folder,
    env: {
      GOMAXPROCS: '1',
      GOMEMLIMIT: `${memoryMiB}MiB`,
      LC_ALL: 'C',
      TZ: 'UTC',
      ...(folder === undefined ? {} : { HOME: folder }),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (niceness !== undefined && child.pid !== undefined) lowerPriority(child.pid, niceness);
  let killed: OpaRun['killed'] = null;
  const end = (why: OpaRun['killed']) => {
    killed ??= why;
    child.kill('SIGKILL');
  };
  const [out, err] = [[] as Buffer[], [] as Buffer[]];
  let size = 0;
  const collect = (parts: Buffer[]) => (part: Buffer) => {
    size += part.length;
    if (size > outputBytes) end('output');
    else parts.push(part);
  };
  child.stdout.on('data', collect(out));
  child.stderr.on('data', collect(err));
  child.stdin.on('error', () => undefined); // it ended without reading: its exit code says why
  child.stdin.end(input);
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => end('time'), timeoutMs);
  const abort = () => end(null);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const code = await new Promise<number | null>((done, failed) => {
      child.once('error', (cause) =>
        failed(new OpaCommandMissing(`OPA could not be run: ${cause.message}`, { cause })),
      );
      child.once('close', done);
    });
    signal?.throwIfAborted();
    return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), killed };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** Whoever waits for a decision comes first. */
function lowerPriority(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // It ended already, or this system does not let us.
  }
}
