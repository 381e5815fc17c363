/** `npm run bench [-- <part of a name> …]`: builds if the sources are newer than the build, then times pure code. */
import { ensureBuilt } from './build.mjs';

const say = (line) => console.log(line);
ensureBuilt(say);
const { main } = await import('../test/bench/main.ts');
await main(process.argv.slice(2), say);
process.exit(0);
