/**
 * Builds `dist` when the sources are newer, so that `npm start` and `npx oce` need no step of their own.
 *
 * A build goes into a folder beside `dist` and takes its place when it is whole: whoever starts at the same time, or is
 * killed half way, never sees half a build.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = ['src', 'libs', 'migrations'];
const CONFIGURATION = ['.swcrc', 'nest-cli.json', 'package.json', 'tsconfig.json'];

/** @returns true if it had to build */
export function ensureBuilt(say = () => undefined) {
  const stamp = fingerprint();
  const mark = join(ROOT, 'dist', '.built-from');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === stamp) return false;
  if (!SOURCES.every((folder) => existsSync(join(ROOT, folder)))) return false; // an image holds the build alone
  say('Building …');
  const fresh = `dist.${process.pid}`;
  try {
    execFileSync(
      process.execPath,
      [
        join(ROOT, 'node_modules/@swc/cli/bin/swc.js'),
        ...SOURCES,
        '--out-dir',
        fresh,
        '--ignore',
        '**/*.test.ts',
        '--quiet',
      ],
      { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    writeFileSync(join(ROOT, fresh, '.built-from'), stamp);
    takePlace(join(ROOT, fresh), join(ROOT, 'dist'), mark, stamp);
  } finally {
    rmSync(join(ROOT, fresh), { recursive: true, force: true });
  }
  return true;
}

/** Puts the fresh build where the old one is. Another process that built the same at the same time may win. */
function takePlace(fresh, dist, mark, stamp) {
  for (;;) {
    // Somebody else was first, and may be running from it already.
    if (existsSync(mark) && readFileSync(mark, 'utf8') === stamp) return;
    rmSync(dist, { recursive: true, force: true, maxRetries: 5 });
    try {
      renameSync(fresh, dist);
      return;
    } catch (error) {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    }
  }
}

/** Newest change and number of the files that a build reads. */
function fingerprint() {
  let newest = 0;
  let files = 0;
  const look = (path) => {
    newest = Math.max(newest, statSync(path).mtimeMs);
    files++;
  };
  for (const folder of SOURCES) {
    for (const entry of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && entry.name.endsWith('.ts')) look(join(entry.parentPath, entry.name));
    }
  }
  for (const file of CONFIGURATION) look(join(ROOT, file));
  return `${files} files, newest ${newest}`;
}
