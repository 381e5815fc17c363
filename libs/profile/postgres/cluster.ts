/** The files of one PostgreSQL data directory: made once, checked at each start. */
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, rmdirSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { ProfileError } from '../errors.ts';
import { privateDirectory, storageError, writePrivate } from '../host/private-files.ts';
import { processesNaming, terminate } from '../host/processes.ts';
import { runProgram } from '../host/spawn.ts';
import { POSTGRES_MAJOR } from './binaries.ts';
import { type Launcher, giveTo } from './unprivileged.ts';
import { PG_HBA_CONF, POSTGRESQL_CONF } from './settings.ts';

export const SUPERUSER = 'postgres';

/** As PostgreSQL says it: by the error of the system, or because less was written than asked. */
export const DISK_FULL = /No space left on device|Check free disk space/;

/** Throws ProfileError `wrong_version` for another major version's files and `failed` for files that are none. */
export function clusterExists(directory: string): boolean {
  let entries: string[];
  try {
    entries = readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw storageError(error, directory);
  }
  if (entries.length === 0) return false;
  if (!entries.includes('PG_VERSION')) {
    throw new ProfileError(
      'failed',
      `${directory} is not a PostgreSQL data directory: it has no PG_VERSION. Move it away and start again.`,
    );
  }
  const found = readFileSync(join(directory, 'PG_VERSION'), 'utf8').trim();
  if (found !== String(POSTGRES_MAJOR)) {
    throw new ProfileError(
      'wrong_version',
      `${directory} was made by PostgreSQL ${found}, and this is PostgreSQL ${POSTGRES_MAJOR}. Dump it with the tools of ` +
        `PostgreSQL ${found} and restore the dump here, or set DATABASE_URL to a server that runs it, or move the folder ` +
        'away to start with an empty database.',
    );
  }
  return true;
}

/**
 * Makes the cluster beside its place and moves it there when it is complete: an interrupted attempt leaves only a
 * folder that the next one removes.
 */
export async function createCluster(
  directory: string,
  { initdb, password, launcher, env }: { initdb: string; password: string; launcher: Launcher; env: NodeJS.ProcessEnv },
): Promise<void> {
  const draft = `${directory}.init-${randomBytes(4).toString('hex')}`;
  const passwordFile = join(draft, 'password');
  privateDirectory(draft);
  writePrivate(passwordFile, `${password}\n`);
  const target = join(draft, 'data');
  privateDirectory(target);
  giveTo(draft, launcher.owner);
  // Character types by C.UTF-8 and sorting by code point, the same on every machine. Older systems lack it.
  for (const locale of ['C.UTF-8', 'C']) {
    const { command, args, options } = launcher.wrap(initdb, [
      ...['-D', target, '-U', SUPERUSER, `--pwfile=${passwordFile}`, '-A', 'scram-sha-256', '-E', 'UTF8'],
      ...['--locale-provider=libc', `--locale=${locale}`, '--data-checksums'],
    ]);
    const { code, stderr, stdout } = await runProgram(command, args, { ...options, env, cwd: '/', ms: 300_000 });
    if (code === 0) break;
    if (locale === 'C.UTF-8' && /invalid locale name/.test(stderr)) continue;
    rmSync(draft, { recursive: true, force: true });
    if (DISK_FULL.test(stderr + stdout)) {
      throw storageError(Object.assign(new Error(stderr), { code: 'ENOSPC' }), dirname(directory));
    }
    throw new ProfileError('failed', `initdb could not make ${directory}: ${stderr.trim() || `exit code ${code}`}`);
  }
  try {
    if (existsSync(directory)) rmdirSync(directory); // an empty one
    renameSync(target, directory);
  } catch (error) {
    throw storageError(error, directory);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Ends and removes what an interrupted createCluster() left. */
export async function removeInterruptedInit(directory: string): Promise<void> {
  const prefix = `${basename(directory)}.init-`;
  for (const name of readdirSync(dirname(directory)).filter((entry) => entry.startsWith(prefix))) {
    const draft = join(dirname(directory), name);
    await terminate(processesNaming(draft), [['SIGKILL', 5_000]]);
    rmSync(draft, { recursive: true, force: true });
  }
}

export function writeSettings(directory: string, launcher: Launcher): void {
  for (const [name, text] of Object.entries({ 'postgresql.conf': POSTGRESQL_CONF, 'pg_hba.conf': PG_HBA_CONF })) {
    writePrivate(join(directory, name), text);
    giveTo(join(directory, name), launcher.owner);
  }
}
