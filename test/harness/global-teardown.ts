import { rmSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';

export default async function globalTeardown(): Promise<void> {
  const { server, dir } = (globalThis as unknown as { ocePg: { server: ChildProcess; dir: string } }).ocePg;
  const gone = new Promise((done) => server.once('exit', done));
  server.kill('SIGINT');
  await gone;
  rmSync(dir, { recursive: true, force: true });
}
