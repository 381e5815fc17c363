/**
 * PostgreSQL refuses to run as root, and a container or a fresh machine often has nobody else. Three ways round, tried
 * in this order; each ends in an exec, so that the pid we get is PostgreSQL's own.
 *
 *  1. a user namespace: inside PostgreSQL sees uid 65534, on disk everything stays root's. Works in any folder.
 *  2. setpriv: another uid that may still pass folders it has no right to. Where namespaces are refused (containers).
 *  3. another uid and nothing more. Works if that user can reach the folders by itself.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type SpawnOptions } from 'node:child_process';
import { ProfileError } from '../errors.ts';
import { runProgram } from '../host/spawn.ts';

export interface Launcher {
  /** For people: how PostgreSQL is run. */
  description: string;
  /** Who must own the files; undefined if they may stay as they are. */
  owner: { uid: number; gid: number } | undefined;
  /** True if that user has no right of its own to pass the data folder. */
  needsPassage: boolean;
  wrap(command: string, args: string[]): { command: string; args: string[]; options: SpawnOptions };
}

const DIRECT: Launcher = {
  description: 'as this user',
  owner: undefined,
  needsPassage: false,
  wrap: (command, args) => ({ command, args, options: {} }),
};

const NOBODY = 65_534;

const namespace: Launcher = {
  description: 'in a user namespace',
  owner: { uid: 0, gid: 0 },
  needsPassage: false,
  wrap: (command, args) => ({
    command: 'unshare',
    args: ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, command, ...args],
    options: {},
  }),
};

function withCapabilities(uid: number, gid: number): Launcher {
  const capabilities = '+dac_override,+dac_read_search';
  return {
    description: `as uid ${uid} that may pass any folder`,
    owner: { uid, gid },
    needsPassage: false,
    wrap: (command, args) => ({
      command: 'setpriv',
      args: [
        ...[`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'],
        ...[`--inh-caps=${capabilities}`, `--ambient-caps=${capabilities}`, command, ...args],
      ],
      options: {},
    }),
  };
}

function asUser(uid: number, gid: number): Launcher {
  return {
    description: `as uid ${uid}`,
    owner: { uid, gid },
    needsPassage: true,
    wrap: (command, args) => ({ command, args, options: { uid, gid } }),
  };
}

/** The system's `postgres` if there is one, else `nobody`: numbers, because neither need exist by name. */
function otherUser(): [uid: number, gid: number] {
  for (const name of ['postgres', 'nobody']) {
    try {
      const entry = readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .find((line) => line.startsWith(`${name}:`));
      if (entry) return entry.split(':').slice(2, 4).map(Number) as [number, number];
    } catch {
      break;
    }
  }
  return [NOBODY, NOBODY];
}

export const allLaunchers = (): Launcher[] => {
  const [uid, gid] = otherUser();
  return [namespace, withCapabilities(uid, gid), asUser(uid, gid)];
};

/** Picks the first way in which `program` really runs and a folder in `dataDir` can really be written. */
export async function chooseLauncher(
  program: string,
  dataDir: string,
  env: NodeJS.ProcessEnv,
  candidates = process.getuid?.() === 0 ? allLaunchers() : [DIRECT],
): Promise<Launcher> {
  if (candidates[0] === DIRECT) return DIRECT;
  const reasons: string[] = [];
  const trial = join(dataDir, 'postgres.trial');
  try {
    for (const launcher of candidates) {
      mkdirSync(trial, { recursive: true, mode: 0o700 });
      giveTo(trial, launcher.owner);
      if (launcher.needsPassage) chmodSync(dataDir, 0o711);
      const test = 'cd "$1" && : > written && rm written && exec "$0" --version';
      const { command, args, options } = launcher.wrap('/bin/sh', ['-c', test, program, trial]);
      try {
        const { code, stderr } = await runProgram(command, args, { ...options, env, cwd: '/', ms: 20_000 });
        if (code === 0) return launcher;
        reasons.push(`${launcher.description}: ${stderr.trim().split('\n').at(-1)}`);
      } catch (error) {
        reasons.push(`${launcher.description}: ${(error as Error).message}`);
      }
    }
  } finally {
    rmSync(trial, { recursive: true, force: true });
  }
  throw new ProfileError(
    'failed',
    `PostgreSQL does not run as root, and no other way works here (${reasons.join('; ')}). Start as an ordinary user, ` +
      'or set OPENCLAW_DATA_DIR to a folder that every user may pass, or set DATABASE_URL to a PostgreSQL 16 of your own.',
  );
}

/** Changes the owner of everything below, unless the top has the right one already. */
export function giveTo(path: string, owner: Launcher['owner'], top = true): void {
  if (!owner) return;
  const found = lstatSync(path);
  if (top && found.uid === owner.uid && found.gid === owner.gid) return;
  if (found.isDirectory()) for (const name of readdirSync(path)) giveTo(join(path, name), owner, false);
  // The top last: if this is interrupted, the next start begins anew.
  if (found.uid !== owner.uid || found.gid !== owner.gid) chownSync(path, owner.uid, owner.gid);
}
