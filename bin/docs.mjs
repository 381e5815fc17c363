/** `npm run docs`: writes the reference pages that are made from code. */
import { ensureBuilt } from './build.mjs';

ensureBuilt();
const { writeDocs } = await import('../dist/src/docs.js');
await writeDocs();
process.exit(0);
