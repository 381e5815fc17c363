import { accessSync, constants } from 'node:fs';
import { childEnvironment, runProgram } from '../host/spawn.ts';

/** Rego v1, without the flags that OPA 0.x needed for it. */
export const OLDEST_OPA_MAJOR = 1;

/** "1.22.2", or undefined if this is no OPA that runs here. */
export async function opaVersion(binary: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  try {
    accessSync(binary, constants.X_OK);
    const { code, stdout } = await runProgram(binary, ['version'], { env: childEnvironment(env), ms: 20_000 });
    return code === 0 ? /^Version: v?(\d+\.\d+\.\d+\S*)/m.exec(stdout)?.[1] : undefined;
  } catch {
    return undefined;
  }
}

export const isRecentEnough = (version: string): boolean => Number(version.split('.')[0]) >= OLDEST_OPA_MAJOR;
