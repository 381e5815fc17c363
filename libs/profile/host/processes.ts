/**
 * Looks at processes that are not our children: what an earlier gateway left behind when it was killed. Linux answers
 * from /proc; elsewhere `ps` and `lsof` do, which every macOS has.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const LINUX = process.platform === 'linux';

function run(command: string, args: string[]): string {
  return spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 }).stdout ?? '';
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // it ended meanwhile, or belongs to somebody else
  }
}

/** Fields of /proc/<pid>/stat after the name, which itself may hold blanks and brackets. */
function stat(pid: number): string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** A process that ended and was never waited for (a zombie) counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const state = LINUX ? stat(pid)?.[0] : run('ps', ['-o', 'stat=', '-p', String(pid)]).trim();
  return state != null && state !== '' && !state.startsWith('Z');
}

/** Tells a process from a later one that got the same pid: opaque, undefined if there is no such process. */
export function birthMark(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined;
  if (!LINUX) return run('ps', ['-o', 'lstart=', '-p', String(pid)]).trim() || undefined;
  const ticks = stat(pid)?.[19];
  return ticks && `${read('/proc/sys/kernel/random/boot_id')?.trim()}/${ticks}`;
}

/** The command line as arguments; where there is no /proc, split at blanks. */
export function commandLine(pid: number): string[] {
  if (LINUX) return (read(`/proc/${pid}/cmdline`) ?? '').split('\0').filter((part) => part !== '');
  return run('ps', ['-ww', '-o', 'command=', '-p', String(pid)])
    .trim()
    .split(' ');
}

/** The name of the program, without its path: it stays when a process renames its command line. */
export function programName(pid: number): string {
  const name = LINUX ? read(`/proc/${pid}/comm`) : run('ps', ['-o', 'ucomm=', '-p', String(pid)]);
  return name?.trim() ?? '';
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Every other process whose command line contains `text`. */
export function processesNaming(text: string): number[] {
  if (LINUX) {
    return allPids().filter((pid) => pid !== process.pid && commandLine(pid).join(' ').includes(text) && isAlive(pid));
  }
  return run('ps', ['-axww', '-o', 'pid=,stat=,command='])
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match && !match[2]!.startsWith('Z') && match[3]!.includes(text))
    .map((match) => Number(match![1]))
    .filter((pid) => pid !== process.pid);
}

/** Every other process whose working directory is `directory`. */
export function processesIn(directory: string): number[] {
  let wanted: string;
  try {
    wanted = realpathSync(directory);
  } catch {
    return [];
  }
  if (!LINUX) {
    const pids = run('lsof', ['-t', '-a', '-d', 'cwd', wanted]).split('\n').map(Number).filter(Boolean);
    return pids.filter((pid) => pid !== process.pid && isAlive(pid));
  }
  return allPids().filter((pid) => {
    if (pid === process.pid) return false;
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === wanted && isAlive(pid);
    } catch {
      return false;
    }
  });
}

/** True when all are gone, false when `ms` passed first. */
export async function waitUntilGone(pids: number[], ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (pids.some(isAlive)) {
    if (performance.now() > deadline) return false;
    await delay(20);
  }
  return true;
}

/** A signal, and how many milliseconds it is given before the next. */
export type StopStep = readonly [signal: NodeJS.Signals, ms: number];

/** Sends the signals one after the other until every process is gone. Returns false if even the last did not help. */
export async function terminate(pids: number[], steps: readonly StopStep[]): Promise<boolean> {
  for (const [signal, ms] of steps) {
    for (const pid of pids.filter(isAlive)) {
      try {
        process.kill(pid, signal);
      } catch {
        // gone between the look and the signal
      }
    }
    if (await waitUntilGone(pids, ms)) return true;
  }
  return pids.every((pid) => !isAlive(pid));
}
