import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { BUILT_OPA, onPath } from './build-opa.ts';
import { RELEASED_OPA } from './download-opa.ts';
import { isRecentEnough, opaVersion } from './opa-version.ts';

/** The folder for programs that this user's starts have made, shared by all data folders. */
export function toolCache(env: NodeJS.ProcessEnv): string {
  return resolve(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'openclaw-enterprise', 'tools');
}

export const cachedOpa = (env: NodeJS.ProcessEnv, version: string): string =>
  join(toolCache(env), `opa@${version}`, 'opa');

/**
 * The first OPA 1.0 or newer that is there already: on the PATH, in `<dataDir>/bin`, in the cache of this user. OPA_BIN is
 * for the caller to heed: it is meant, so a wrong one is an error and no reason to look on.
 *
 * @param passOver is told of each program that will not do, with its version where it has one
 */
export async function findOpa(
  dataDir: string,
  env: NodeJS.ProcessEnv,
  passOver: (binary: string, version: string | undefined) => void = () => undefined,
): Promise<{ binary: string; version: string } | undefined> {
  const places = [
    onPath('opa', env),
    resolve(dataDir, 'bin', 'opa'),
    cachedOpa(env, BUILT_OPA),
    cachedOpa(env, RELEASED_OPA),
  ];
  for (const binary of places) {
    if (binary === undefined || !existsSync(binary)) continue;
    const version = await opaVersion(binary, env);
    if (version && isRecentEnough(version)) return { binary, version };
    passOver(binary, version);
  }
  return undefined;
}
