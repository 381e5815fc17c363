import { runOpa } from './opa-run.ts';

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

const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * Evaluates one query in an OPA process of its own that ends with it: `opa eval`, at low priority. It opens no port.
 *
 * @returns the value of the query
 * @throws OpaApartFailed, or the reason of `signal`
 */
export async function evaluateApart(options: ApartOptions): Promise<unknown> {
  const { binary, data, query, input, signal, memoryMiB = 512 } = options;
  const args = ['eval', '--format=json', '--ignore=*_test.rego', ...data.map((path) => `--data=${path}`)];
  const run = await runOpa(binary, [...args, '--stdin-input', query], {
    ...{ input: JSON.stringify(input), signal, outputBytes: OUTPUT_LIMIT_BYTES, memoryMiB, niceness: 5 },
  }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new OpaApartFailed((cause as Error).message, { cause });
  });
  if (run.killed === 'output') throw new OpaApartFailed('answered more than 64 MiB');
  if (run.code !== 0) {
    throw new OpaApartFailed(`ended with ${run.code ?? 'a signal'}: ${(run.stderr || run.stdout).slice(0, 2_000)}`);
  }
  const { result } = JSON.parse(run.stdout) as { result?: { expressions: { value: unknown }[] }[] };
  return result?.[0]?.expressions[0]?.value;
}
