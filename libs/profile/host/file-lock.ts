/**
 * A lock that outlives nobody: the file names its holder by pid and time of birth, so that a holder who was killed is
 * noticed at once and a later process with the same pid is not taken for it.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { birthMark } from './processes.ts';
import { storageError } from './private-files.ts';

export interface FileLock {
  release(): void;
}

/** The lock, or the pid of the living process that has it. */
export type LockAttempt = { lock: FileLock; holder?: undefined } | { lock?: undefined; holder: number };

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function livingHolder(content: string | undefined): number | undefined {
  try {
    const { pid, born } = JSON.parse(content ?? '') as { pid: number; born: string };
    return birthMark(pid) === born ? pid : undefined;
  } catch {
    return undefined; // no file, or one that nobody finished writing
  }
}

export function tryLock(path: string): LockAttempt {
  const nonce = randomBytes(6).toString('hex');
  const mine = JSON.stringify({ pid: process.pid, born: birthMark(process.pid), nonce });
  const draft = `${path}.${nonce}`;
  try {
    writeFileSync(draft, mine, { mode: 0o600 });
    for (let attempt = 0; attempt < 50; attempt++) {
      try {
        linkSync(draft, path); // appears with its content in one step, and only if there was none
        return { lock: { release: () => read(path) === mine && rmSync(path, { force: true }) } };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const found = read(path);
      const holder = livingHolder(found);
      if (holder !== undefined) return { holder };
      if (found !== undefined) moveAside(path, found, `${draft}.stale`);
    }
    throw new Error(`The lock ${path} changed hands too often.`);
  } catch (error) {
    throw storageError(error, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes a dead holder's lock, and puts it back if it turns out to be a newer one that somebody has just made. */
function moveAside(path: string, dead: string, aside: string): void {
  try {
    renameSync(path, aside);
  } catch {
    return; // somebody else was quicker
  }
  if (read(aside) !== dead) {
    try {
      linkSync(aside, path);
    } catch {
      // a third one took it meanwhile
    }
  }
  rmSync(aside, { force: true });
}
