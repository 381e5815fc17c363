import { Redis } from 'ioredis';
import type { RedisAccess } from './client.ts';
import { redisOptions } from './client.ts';
import { withinTime } from './time-limit.ts';

/**
 * Looks at the first node that answers.
 * @throws what its last node had to say against it
 */
export async function inspectRedis(
  access: RedisAccess,
  timeoutMs: number,
): Promise<{ readonly version: string; readonly isCluster: boolean }> {
  let failed: unknown;
  for (const node of access.address.nodes) {
    const client = new Redis({
      ...redisOptions(access),
      ...node,
      db: access.address.database,
      lazyConnect: true,
      retryStrategy: null,
    });
    let why: Error | undefined;
    client.on('error', (error: Error) => (why = error));
    try {
      await withinTime(client.connect(), timeoutMs);
      const info = await withinTime(client.info('server'), timeoutMs);
      const isCluster = /^redis_mode:cluster/m.test(info);
      if (!isCluster) await withinTime(client.set('openclaw:probe', '1', 'PX', 1_000), timeoutMs);
      return { version: /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown', isCluster };
    } catch (error) {
      failed = why ?? error;
    } finally {
      client.disconnect();
    }
  }
  throw failed;
}
