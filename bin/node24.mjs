/**
 * Runs a script under Node 24, whichever Node started this file.
 *
 *   node bin/node24.mjs [node options] <script> [arguments]
 *
 * Node 24 comes with `npm ci` as a plain package with a binary for this platform. When npm or a terminal that
 * started us goes away, the child is told to stop, so that nothing is left running.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const MAJOR = 24;

function node24() {
  if (Number(process.versions.node.split('.')[0]) >= MAJOR) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const binary = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin', 'node');
    if (existsSync(binary)) return binary;
  } catch {
    // not installed: answered below
  }
  console.error(
    `Node ${MAJOR} is needed and this is Node ${process.versions.node}. The package "${name}" that brings it is missing: ` +
      `run "npm ci" without --omit=optional, or start with Node ${MAJOR} itself.`,
  );
  process.exit(1);
}

const child = spawn(node24(), process.argv.slice(2), { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`Could not start Node ${MAJOR}: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(signal ? 128 + 15 : (code ?? 1)));

// npm and its shell do not always pass a signal on: notice that they are gone.
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();
}
