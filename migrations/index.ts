import { Directory1764000000000 } from './1764000000000-directory.ts';

/** In the order in which they run. */
export const MIGRATIONS = [Directory1764000000000];
