/** Puts a data directory right after a crash of any kind, so that PostgreSQL will start on it. */
import { readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ProfileError } from '../errors.ts';
import { type StopStep, commandLine, isAlive, processesIn, programName, terminate } from '../host/processes.ts';
import { type Progress } from '../progress.ts';

/** Fast shutdown (transactions are rolled back, a checkpoint is written), then without the checkpoint, then none. */
export const STOP_POSTGRES: readonly StopStep[] = [
  ['SIGINT', 30_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];

const isPostgres = (pid: number): boolean => programName(pid) === 'postgres';

/** The first line of postmaster.pid, and whether the server in that file says that it accepts connections. */
export function readPostmasterFile(directory: string): { pid: number; ready: boolean } | undefined {
  try {
    const lines = readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Math.abs(Number(lines[0])), ready: lines[7]?.trim() === 'ready' };
  } catch {
    return undefined;
  }
}

/** The backends of a data directory: PostgreSQL's processes live in it. */
const postgresIn = (directory: string): number[] => processesIn(directory).filter(isPostgres);

/** True if the process is a postmaster of exactly this data directory, whatever postmaster.pid claims. */
function isPostmasterOf(directory: string, pid: number): boolean {
  if (!isAlive(pid) || !isPostgres(pid)) return false;
  // Before it enters the directory only its command line tells.
  return `${commandLine(pid).join(' ')} `.includes(` -D ${directory} `) || postgresIn(directory).includes(pid);
}

/**
 * Stops a postmaster that nobody looks after any more, ends backends that outlived theirs (they hold the shared
 * memory), and removes a postmaster.pid whose number may belong to somebody else by now. Call it only under the lock
 * of the data folder.
 */
export async function clearLeftovers(directory: string, progress: Progress): Promise<void> {
  const recorded = readPostmasterFile(directory);
  if (recorded && isPostmasterOf(directory, recorded.pid)) {
    progress(`Stopping the PostgreSQL that an earlier gateway left running (process ${recorded.pid}) …`);
    await terminate([recorded.pid], STOP_POSTGRES);
  }
  let backends: number[];
  for (let round = 0; (backends = postgresIn(directory)).length > 0; round++) {
    if (round === 5) {
      throw new ProfileError('failed', `Processes ${backends.join(', ')} hold ${directory} and cannot be stopped.`);
    }
    await terminate(backends, [
      ['SIGQUIT', 2_000],
      ['SIGKILL', 5_000],
    ]);
  }
  if (readPostmasterFile(directory)) rmSync(join(directory, 'postmaster.pid'), { force: true });
}

/** The one spelling of the path by which its processes can be recognised later. */
export const canonical = (directory: string): string => realpathSync(directory);
