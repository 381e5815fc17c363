import { rmSync } from 'node:fs';
import type { SharedServers } from './global-setup.ts';

export default async function globalTeardown(): Promise<void> {
  const shared = (globalThis as SharedServers).oceShared;
  await shared?.postgres.stop();
  if (shared) rmSync(shared.dataDir, { recursive: true, force: true });
}
