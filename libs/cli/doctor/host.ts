import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Finding, fail, note, ok } from './finding.ts';
import { isFree, whoListens } from './listeners.ts';

const NODE_MAJOR = 24;
const LEAST_FREE_BYTES = 500 * 1024 * 1024;

export function checkNode(version: string): Finding {
  if (Number(version.split('.')[0]) >= NODE_MAJOR) return ok('Node', version);
  return fail('Node', `${version} is too old`, `Run "npm ci", which brings Node ${NODE_MAJOR}.`);
}

/** The folder of the embedded profile: there or possible, writable, private, with room. */
export async function checkDataDir(dataDir: string): Promise<Finding> {
  const folder = resolve(dataDir);
  const name = 'Data folder';
  const other = 'Give this user write access, or choose another folder with OPENCLAW_DATA_DIR.';
  const there = await stat(folder).catch(() => undefined);
  if (there && !there.isDirectory())
    return fail(name, `${folder} is a file`, 'Choose another one with OPENCLAW_DATA_DIR.');
  const existing = there ? folder : await nearestExisting(folder);
  try {
    await access(existing, constants.W_OK | constants.X_OK);
  } catch {
    return fail(name, `${existing} cannot be written by this user`, other);
  }
  const disk = await statfs(existing);
  const free = disk.bavail * disk.bsize;
  if (free < LEAST_FREE_BYTES) {
    return fail(
      name,
      `the disk that holds ${existing} has ${Math.round(free / 1_048_576)} MiB left`,
      'Free some space.',
    );
  }
  if (!there) return ok(name, `${folder} will be made at the first start`);
  const mode = (there.mode & 0o777).toString(8).padStart(4, '0');
  if ((there.mode & 0o066) !== 0) {
    return note(
      name,
      `${folder} has mode ${mode}: others may look into it`,
      `chmod 700 ${folder} (the next start does it too)`,
    );
  }
  return ok(name, `${folder}, mode ${mode}`);
}

async function nearestExisting(path: string): Promise<string> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (await stat(folder).catch(() => undefined)) return folder;
    if (folder === dirname(folder)) return folder;
  }
}

export interface Port {
  /** The setting that chooses it. */
  readonly setting: 'PORT' | 'METRICS_PORT';
  readonly port: number;
  readonly host: string;
  /** A path, and what its answer holds where it is ours. */
  readonly sign: { readonly path: string; readonly holds: string };
}

/** Free, used by the service itself, or taken by somebody else. */
export async function checkPort({ setting, port, host, sign }: Port): Promise<Finding> {
  if (port === 0) return ok(setting, '0: any free one');
  if (await isFree(port, host)) return ok(setting, `${port} is free`);
  if (await answersWith(`http://127.0.0.1:${port}${sign.path}`, sign.holds))
    return ok(setting, `${port} is used by the service`);
  const who = await whoListens(port);
  const stopIt = who ? 'Stop it' : 'Stop what uses it';
  return fail(
    setting,
    `${port} is taken by ${who ?? 'another program'}`,
    `${stopIt}, or choose another one: ${setting}=${port + 1} npm start`,
  );
}

async function answersWith(url: string, text: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return (await response.text()).includes(text);
  } catch {
    return false;
  }
}
