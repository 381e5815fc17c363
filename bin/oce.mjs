#!/usr/bin/env node
/** `npx oce`: builds if the sources are newer than the build, then runs the command line, under Node 24. */
import { fileURLToPath } from 'node:url';

if (Number(process.versions.node.split('.')[0]) >= 24) {
  const { ensureBuilt } = await import('./build.mjs');
  ensureBuilt((line) => console.error(line));
  await import('../dist/src/oce.js');
} else {
  process.argv.splice(1, 1, 'node24', fileURLToPath(import.meta.url));
  await import('./node24.mjs');
}
