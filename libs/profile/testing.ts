/** For the tests of this folder: data folders that are cleaned up, and waiting for a condition. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processesIn, processesNaming } from './host/processes.ts';

const folders: string[] = [];

export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'oce-profile-')));
  folders.push(folder);
  return folder;
}

export function removeTemporaryFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Every process that has to do with a data folder: named on its command line, or living in it. */
export function processesOf(dataDir: string): number[] {
  const inside = ['postgres', 'opa'].flatMap((name) => processesIn(join(dataDir, name)));
  return [...new Set([...processesNaming(dataDir), ...inside])];
}

/** Throws with `what` after 20 seconds. */
export async function until<T>(what: string, condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await delay(20);
  }
}
