import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ConnectorType } from '#connectors';

/** The emulated systems of the demo, running in a process of their own. */
export interface DemoWorld {
  readonly urls: Readonly<Record<ConnectorType, string>>;
  /** By e-mail address: an access token for all five systems. */
  readonly tokens: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const PROGRAM = fileURLToPath(import.meta.resolve('../../libs/emulators/demo/main.js'));
const READY_WITHIN_MS = 30_000;

interface Told {
  readonly urls: DemoWorld['urls'];
  readonly tokens: DemoWorld['tokens'];
}

/** @throws Error where the process does not answer in time */
export async function startDemoWorld(
  people: readonly { readonly email: string; readonly name: string; readonly timeZone: string }[],
  signal?: AbortSignal,
): Promise<DemoWorld> {
  const child = fork(PROGRAM, { execArgv: [], detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const stop = () => end(child);
  try {
    child.send(people.map(({ email, name, timeZone }) => ({ email, name, timeZone })));
    const limits = AbortSignal.any([AbortSignal.timeout(READY_WITHIN_MS), ...(signal ? [signal] : [])]);
    const [told] = (await Promise.race([
      once(child, 'message', { signal: limits }),
      once(child, 'exit', { signal: limits }).then(([code]) => {
        throw new Error(`the emulated systems of the demo ended with code ${code}`);
      }),
    ])) as [Told];
    return { ...told, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  if (child.connected) child.disconnect();
  else child.kill('SIGKILL');
  await gone;
}
