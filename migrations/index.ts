import { Directory1764000000000 } from './1764000000000-directory.ts';

/** In the order in which they run. */
import { Policy1764000002000 } from './1764000002000-policy.ts';
/** In the order in which they run. */
export const MIGRATIONS = [Directory1764000000000, Policy1764000002000];
