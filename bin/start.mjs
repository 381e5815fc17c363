/** `npm start`: builds if the sources are newer than the build, then starts the process in this one. */
import { ensureBuilt } from './build.mjs';

ensureBuilt((line) => console.log(line));
await import('../dist/src/main.js');
