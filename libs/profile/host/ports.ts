import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (port !== 0 && (error.code === 'EADDRINUSE' || error.code === 'EACCES')) resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const { port: bound } = server.address() as { port: number };
      server.close(() => resolve(bound));
    });
  });
}

/** Below the ports that systems hand out by themselves (32768 on Linux), so that no passing connection takes it meanwhile. */
const [LOWEST, HIGHEST] = [10_240, 32_767];
const TRIES = 50;

/** A port of 127.0.0.1 that was free a moment ago: the preferred one if it is, else any. */
export async function freePort(preferred?: number): Promise<number> {
  const preferredOne = preferred ? await tryPort(preferred) : undefined;
  if (preferredOne !== undefined) return preferredOne;
  for (let n = 0; n < TRIES; n++) {
    const port = await tryPort(randomInt(LOWEST, HIGHEST + 1));
    if (port !== undefined) return port;
  }
  return (await tryPort(0))!;
}
