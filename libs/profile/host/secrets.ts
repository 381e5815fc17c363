/** Generated secrets of one data folder, in `secrets.json` (mode 0600). */
import { existsSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ProfileError } from '../errors.ts';
import { readJson, writeJson } from './private-files.ts';

export const randomSecret = (): string => randomBytes(24).toString('base64url');

/**
 * The secret of that name, generated at first use. Reads and writes without letting go of the thread: servers that
 * start side by side in one process do not lose each other's secrets.
 */
export function secret(dataDir: string, name: string, generate: () => string = randomSecret): string {
  const path = join(dataDir, 'secrets.json');
  const known = readJson<Record<string, string>>(path);
  // Overwriting a damaged file would lock the owner out of the database for good.
  if (known === undefined && existsSync(path)) {
    throw new ProfileError(
      'failed',
      `${path} is damaged: it holds no JSON. Restore it, or remove ${dataDir} to start anew.`,
    );
  }
  const value = known?.[name] ?? generate();
  if (known?.[name] === undefined) writeJson(path, { ...known, [name]: value });
  return value;
}
