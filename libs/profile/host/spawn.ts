import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/** Resolves once the program runs; rejects if it could not be started at all. */
export function spawnProcess(command: string, args: string[], options: SpawnOptions): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, options);
    child.once('error', reject);
    child.once('spawn', () => {
      child.off('error', reject);
      child.on('error', () => {}); // a failed kill() of a child that is gone already
      resolve(child);
    });
  });
}

export interface Finished {
  /** Null if a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end; past `ms` it is killed. Rejects only if it could not be started. */
export async function runProgram(
  command: string,
  args: string[],
  { ms, ...options }: SpawnOptions & { ms: number },
): Promise<Finished> {
  const child = await spawnProcess(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], timeout: ms });
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

/** What a child may know of our environment: no secrets, and no variable that would change its settings. */
export function childEnvironment(env: NodeJS.ProcessEnv, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'GOMAXPROCS', 'GOMEMLIMIT', 'GOGC'];
  return { ...Object.fromEntries(kept.map((name) => [name, env[name]])), LC_ALL: 'C', TZ: 'UTC', ...extra };
}
