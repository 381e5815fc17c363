import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';

export interface ApartOptions {
  /** The `opa` program. */
  readonly binary: string;
  /** Rego and data files or folders. */
  readonly data: readonly string[];
  /** Such as `data.openclaw.main.batch`. */
  readonly query: string;
  readonly input: unknown;
  /** Ends it at once. */
  readonly signal: AbortSignal;
  /** Where Go's collector begins to work hard, in MiB. */
  readonly memoryMiB?: number;
}

/** The process could not be started, or gave no answer. */
export class OpaApartFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OpaApartFailed';
  }
}

/** About a third of the processor time of a process at normal priority, where there is not enough for all. */
const NICENESS = 5;
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * Evaluates one query in an OPA process of its own that ends with it: `opa eval`. It opens no port, gets neither our
 * environment nor our files, has one processor at low priority, and whatever happens to it happens to nobody else.
 *
 * @returns the value of the query
 * @throws OpaApartFailed, or the reason of `signal`
 */
export async function evaluateApart(options: ApartOptions): Promise<unknown> {
  const { binary, data, query, input, signal, memoryMiB = 512 } = options;
  signal.throwIfAborted();
  const args = ['eval', '--format=json', '--ignore=*_test.rego', ...data.map((path) => `--data=${path}`)];
  const child = spawn(binary, [...args, '--stdin-input', query], {
    env: { PATH: process.env.PATH, GOMAXPROCS: '1', GOMEMLIMIT: `${memoryMiB}MiB`, LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  });
  if (child.pid !== undefined) lowerPriority(child.pid);
  const output: Buffer[] = [];
  let size = 0;
  let complaint = '';
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > OUTPUT_LIMIT_BYTES) child.kill('SIGKILL');
    else output.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(0, 2_000)));
  child.stdin.on('error', () => undefined); // it ended without reading: its exit code says why
  child.stdin.end(JSON.stringify(input));
  const code = await new Promise<number | null>((ended, failed) => {
    child.once('error', (cause) =>
      failed(signal.aborted ? signal.reason : new OpaApartFailed(`cannot be started: ${cause.message}`, { cause })),
    );
    child.once('close', ended);
  });
  signal.throwIfAborted();
  if (size > OUTPUT_LIMIT_BYTES) throw new OpaApartFailed('answered more than 64 MiB');
  const text = Buffer.concat(output).toString();
  if (code !== 0) throw new OpaApartFailed(`ended with ${code ?? 'a signal'}: ${complaint || text.slice(0, 2_000)}`);
  const { result } = JSON.parse(text) as { result?: { expressions: { value: unknown }[] }[] };
  return result?.[0]?.expressions[0]?.value;
}

/** Whoever waits for a decision comes first. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // It ended already, or this system does not let us.
  }
}
