import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '#libs/profile';
import type { TestGateway } from './gateway.ts';

/** Another process over the same database, to be killed while it works. It runs the build. */
export class DoomedGateway {
  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** @param email whose token its calls carry */
  static async start(beside: TestGateway, email: string): Promise<DoomedGateway> {
    const PORT = await freePort();
    const settings = { ...beside.settings, PORT, METRICS_PORT: 0, OPENCLAW_REPLICA_ID: `doomed-${PORT}` };
    const child = spawn(process.execPath, [join(import.meta.dirname, 'doomed-gateway.mjs')], {
      env: { PATH: process.env.PATH, SETTINGS: JSON.stringify(settings) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`it ended with ${String(code)}`))),
    ]);
    return new DoomedGateway(child, `http://127.0.0.1:${PORT}`, await beside.token(email));
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  async kill(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
