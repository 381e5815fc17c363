/** Builds OPA from the Go module in tools/opa, whose go.sum pins every byte of it. */
import { type ChildProcess } from 'node:child_process';
import { accessSync, constants, copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnProcess } from '../host/spawn.ts';
import { type Progress } from '../progress.ts';

export const BUILT_OPA = 'v1.22.2';
const PACKAGE = 'github.com/open-policy-agent/opa';
const LINE_EVERY_MS = 4_000;

/** The program of that name on the PATH. */
export function onPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => resolve(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export const findGo = (env: NodeJS.ProcessEnv): string | undefined =>
  onPath('go', env) ?? (existsSync('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : undefined);

/** Compiled code lies in dist/, the module's files only in the source tree. */
function moduleDirectory(): string {
  const place = join('libs', 'profile', 'tools', 'opa');
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, place, 'go.mod'))) return join(folder, place);
    if (folder === dirname(folder)) throw new Error(`${place} is missing.`);
  }
}

/**
 * Puts the finished program at `target` in one step. Call it under a lock: it removes what interrupted builds left.
 * Throws with the compiler's last words.
 */
export async function buildOpa(
  target: string,
  {
    go,
    env,
    progress,
    signal,
  }: { go: string; env: NodeJS.ProcessEnv; progress: Progress; signal?: AbortSignal | undefined },
): Promise<void> {
  const folder = dirname(target);
  mkdirSync(folder, { recursive: true });
  const prefix = `.${basename(target)}.build-`;
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith(prefix))) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
  const place = join(folder, `${prefix}${process.pid}`);
  mkdirSync(place);
  const begun = performance.now();
  const seconds = () => `${Math.round((performance.now() - begun) / 1000)} s`;
  progress(`Building OPA ${BUILT_OPA} with Go, once for this machine (one to two minutes) …`);
  const ticking = setInterval(() => progress(`Building OPA … ${seconds()}`), LINE_EVERY_MS);
  try {
    for (const file of ['go.mod', 'go.sum']) copyFileSync(join(moduleDirectory(), file), join(place, file));
    await compile(place, { go, env, signal });
    renameSync(join(place, 'opa'), target);
    progress(`Built OPA ${BUILT_OPA} in ${seconds()}.`);
  } finally {
    clearInterval(ticking);
    rmSync(place, { recursive: true, force: true });
  }
}

async function compile(
  place: string,
  { go, env, signal }: { go: string; env: NodeJS.ProcessEnv; signal?: AbortSignal | undefined },
): Promise<void> {
  signal?.throwIfAborted();
  const child = await spawnProcess(go, ['build', '-trimpath', '-ldflags', '-s -w', '-o', join(place, 'opa'), PACKAGE], {
    cwd: place,
    env: {
      ...{ HOME: homedir(), ...env },
      ...{ CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly', GOWORK: 'off', GOOS: '', GOARCH: '' },
    },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true, // a group of its own, so that the compilers it starts end with it
  });
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4_000)));
  const end = () => killGroup(child);
  signal?.addEventListener('abort', end);
  process.once('exit', end);
  try {
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    signal?.throwIfAborted();
    if (code !== 0) throw new Error(stderr.trim().split('\n').slice(-3).join(' ') || `go build ended with ${code}`);
  } finally {
    signal?.removeEventListener('abort', end);
    process.off('exit', end);
  }
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // over already
  }
}
