/** `npm run load`: builds if the sources are newer than the build, then puts a gateway under load. */
import { ensureBuilt } from './build.mjs';

const say = (line) => console.log(line);
ensureBuilt(say);
const { main } = await import('../test/load/main.ts');
process.exit(await main(process.argv.slice(2), say));
