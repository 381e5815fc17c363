/** `npm run fuzz`: builds if the sources are newer than the build, then sends wrong requests to a gateway. */
import { ensureBuilt } from './build.mjs';

const say = (line) => console.log(line);
ensureBuilt(say);
const { main } = await import('../test/fuzz/main.ts');
process.exit(await main(process.argv.slice(2), say));
