/** `npm run classification`: builds if the sources are newer than the build, then measures the classifier on the labelled set. */
import { ensureBuilt } from './build.mjs';

const say = (line) => console.log(line);
ensureBuilt(say);
const { main } = await import('../test/classification/main.ts');
main(say);
process.exit(0);
