import { join } from 'node:path';
import { ProfileError } from '../errors.ts';
import { type FileLock, tryLock } from './file-lock.ts';
import { privateDirectory } from './private-files.ts';

/** One gateway a data folder. Throws ProfileError `in_use` naming the other one. */
export function lockDataDirectory(dataDir: string): FileLock {
  privateDirectory(dataDir);
  const { lock, holder } = tryLock(join(dataDir, 'gateway.lock'));
  if (lock) return lock;
  throw new ProfileError(
    'in_use',
    `${dataDir} is in use by another running gateway (process ${holder}). ` +
      'Stop that one, or give this one a folder of its own with OPENCLAW_DATA_DIR.',
  );
}
