import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const DEBIAN = '/usr/bin/chromium';
/** It talks to the gateway under test and to nobody else. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A real Chromium without a window, with a profile of its own that is gone when it is closed. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: await obtainChromium(), args: FLAGS });
}

/** `CHROMIUM_BIN`, or Debian's, which is installed where that is possible. Throws with what to install. */
async function obtainChromium(): Promise<string> {
  const given = process.env.CHROMIUM_BIN;
  if (given) {
    if (existsSync(given)) return given;
    throw new Error(`CHROMIUM_BIN is "${given}", where there is no file. Give the path of a Chromium or Chrome.`);
  }
  if (existsSync(DEBIAN)) return DEBIAN;
  const why = await installChromium().catch((error: Error) => error.message);
  if (existsSync(DEBIAN)) return DEBIAN;
  throw new Error(
    'The tests of the console need a Chromium. Install one ("apt-get install chromium" on Debian) or name the program ' +
      `with CHROMIUM_BIN. Installing it here did not work: ${why ?? `it is not at ${DEBIAN}`}.`,
  );
}

async function installChromium(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'that takes root';
  if (!existsSync('/usr/bin/apt-get')) return 'there is no apt-get';
  process.stdout.write('  Installing Chromium with apt-get …\n');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (...args: string[]) => promisify(execFile)('/usr/bin/apt-get', args, { env, timeout: 300_000 });
  await run('-qq', 'update');
  await run('-qq', '-y', '--no-install-recommends', 'install', 'chromium');
  return undefined;
}
