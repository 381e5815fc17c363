import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ProfileError } from '../errors.ts';
import { type FileLock, tryLock } from '../host/file-lock.ts';
import { type Progress } from '../progress.ts';
import { BUILT_OPA, buildOpa, findGo } from './build-opa.ts';
import { type OpaRelease, RELEASED_OPA, downloadOpa, releaseForThisMachine } from './download-opa.ts';
import { cachedOpa, findOpa, toolCache } from './find-opa.ts';
import { OLDEST_OPA_MAJOR, isRecentEnough, opaVersion } from './opa-version.ts';

export interface ObtainOpaOptions {
  dataDir: string;
  env?: NodeJS.ProcessEnv | undefined;
  progress: Progress;
  /** Ends a build or download that is under way. */
  signal?: AbortSignal | undefined;
  /** What to download when nothing else works; undefined for nothing. For tests. */
  release?: OpaRelease | undefined;
}

/**
 * The absolute path of an OPA 1.0 or newer: OPA_BIN, the PATH, `<dataDir>/bin/opa`, the cache of this user, built with Go into
 * that cache, downloaded into it. Throws ProfileError `not_found` naming what a person can do.
 */
export async function obtainOpa(options: ObtainOpaOptions): Promise<string> {
  const { dataDir, env = process.env, progress } = options;
  if (env.OPA_BIN) return chosenByHand(resolve(env.OPA_BIN), env);

  const found = await findOpa(dataDir, env, (binary, version) => {
    const why = version ? `it is version ${version}, older than ${OLDEST_OPA_MAJOR}.0` : 'it does not run here';
    progress(`Passing over ${binary}: ${why}.`);
  });
  if (found) return found.binary;

  const cached = (version: string) => cachedOpa(env, version);
  const lock = await buildLock(toolCache(env), options, cached);
  if (typeof lock === 'string') return lock;
  try {
    return await make(cached, options);
  } finally {
    lock.release();
  }
}

async function chosenByHand(binary: string, env: NodeJS.ProcessEnv): Promise<string> {
  const version = await opaVersion(binary, env);
  if (version && isRecentEnough(version)) return binary;
  const found = version
    ? `is OPA ${version}`
    : existsSync(binary)
      ? 'is no OPA that runs on this machine'
      : 'does not exist';
  throw new ProfileError(
    'not_found',
    `OPA_BIN is ${binary}, which ${found}. Set it to an OPA of version ${OLDEST_OPA_MAJOR}.0 or newer, or unset it.`,
  );
}

/** The right to build, or the path of what another process built while we waited for that right. */
async function buildLock(
  cache: string,
  { env = process.env, progress, signal }: ObtainOpaOptions,
  cached: (version: string) => string,
): Promise<FileLock | string> {
  const begun = performance.now();
  for (let lines = 0; ;) {
    signal?.throwIfAborted();
    mkdirSync(cache, { recursive: true });
    const { lock } = tryLock(join(cache, 'opa.lock'));
    if (!lock) {
      const waited = performance.now() - begun;
      if (waited >= lines * 4_000) {
        progress(`Another start is preparing OPA … ${Math.round(waited / 1000)} s`);
        lines++;
      }
      await delay(200, undefined, { signal });
      continue;
    }
    for (const binary of [cached(BUILT_OPA), cached(RELEASED_OPA)]) {
      if (lines > 0 && existsSync(binary) && (await opaVersion(binary, env))) {
        lock.release();
        return binary;
      }
    }
    return lock;
  }
}

async function make(cached: (version: string) => string, options: ObtainOpaOptions): Promise<string> {
  const { env = process.env, progress, signal } = options;
  const failures: string[] = [];
  const attempt = async (name: string, target: string, work: () => Promise<void>): Promise<string | undefined> => {
    try {
      await work();
      const version = await opaVersion(target, env);
      if (version && isRecentEnough(version)) return target;
      throw new Error('the result does not run here');
    } catch (error) {
      signal?.throwIfAborted();
      failures.push(`${name} failed: ${(error as Error).message}`);
      progress(`OPA: ${failures.at(-1)}`);
      return undefined;
    }
  };

  const go = findGo(env);
  const built = cached(BUILT_OPA);
  if (!go) failures.push('Go is not installed');
  const madeByGo = go && (await attempt('building it', built, () => buildOpa(built, { go, env, progress, signal })));
  if (madeByGo) return madeByGo;

  const release = 'release' in options ? options.release : releaseForThisMachine();
  const downloaded = cached(RELEASED_OPA);
  const fetched =
    release &&
    (await attempt('downloading it', downloaded, () => downloadOpa(downloaded, { release, progress, signal })));
  if (fetched) return fetched;

  throw new ProfileError(
    'not_found',
    `OPA is missing (${failures.join('; ')}). Do one of these: set OPA_BIN to an OPA of version ${OLDEST_OPA_MAJOR}.0 or ` +
      'newer, put "opa" on the PATH, install Go so that it can be built, or set OPA_URL to a running OPA.',
  );
}
