/** `npm run correlation`: builds if the sources are newer than the build, then measures the correlator on the labelled set. */
import { ensureBuilt } from './build.mjs';

const say = (line) => console.log(line);
ensureBuilt(say);
const { main } = await import('../test/correlation/main.ts');
main(say);
