/** Files and folders that only their owner may read, and plain words when the disk will not have them. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ProfileError } from '../errors.ts';

/** Names the path in an error of the file system; anything else comes back as it is. */
export function storageError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException)?.code;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new ProfileError(
        'disk_full',
        `The disk that holds ${path} is full (${code}). Free some space and start again.`,
        {
          cause: error,
        },
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ProfileError(
        'not_writable',
        `${path} cannot be written (${code}). Give this user write access, or choose another folder with OPENCLAW_DATA_DIR.`,
        { cause: error },
      );
    case 'ENOTDIR':
    case 'EEXIST':
      return new ProfileError(
        'not_writable',
        `${path} cannot be used as a folder, because it or a part of its path is a file (${code}). ` +
          'Choose another folder with OPENCLAW_DATA_DIR.',
        { cause: error },
      );
    default:
      return error;
  }
}

/**
 * Creates the folder (and its parents) with mode 0700, or takes everybody else's right to list and write it away. The
 * right to pass it stays: a database server that runs as another user needs it.
 */
export function privateDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if ((statSync(path).mode & 0o066) !== 0) chmodSync(path, 0o700);
  } catch (error) {
    throw storageError(error, path);
  }
  return path;
}

/** Replaces the file in one step, with mode 0600: a crash leaves the old or the new content, never half of it. */
export function writePrivate(path: string, text: string): void {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(draft, text, { mode: 0o600, flush: true });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw storageError(error, path);
  }
}

/** The parsed content; undefined if there is no such file, or if it holds no JSON. */
export function readJson<T>(path: string): T | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw storageError(error, path);
  }
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

export function writeJson(path: string, value: unknown): void {
  writePrivate(path, `${JSON.stringify(value, null, 2)}\n`);
}
