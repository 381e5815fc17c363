import { SystemClock } from '#libs/clock';
import {
  InProcessNotices,
  InProcessRateLimits,
  InProcessTokenBuckets,
  type Notices,
  parseRedisUrl,
  type RateLimits,
  RedisConnection,
  RedisNotices,
  RedisRateLimits,
  RedisTokenBuckets,
  type TokenBuckets,
} from '#libs/redis';
import { RedisCluster, RedisServer } from '../harness/redis.ts';
import { until } from '../harness/until.ts';

/** How long a call may wait for Redis here; longer than in production, because this machine may be busy. */
export const TIMEOUT_MS = 400;

/** What one process has of the ports. */
export interface Replica {
  readonly rateLimits: RateLimits;
  readonly tokenBuckets: TokenBuckets;
  readonly notices: Notices;
  close(): Promise<void>;
}

export interface RedisReplica extends Replica {
  readonly connection: RedisConnection;
  readonly notices: RedisNotices;
  /** What was logged. */
  readonly lines: readonly string[];
}

const clock = new SystemClock();

/** A replica that may not be connected yet. */
export function replicaOf(url: string, ca?: string): RedisReplica {
  const lines: string[] = [];
  const log = { log: (line: string) => void lines.push(line), warn: (line: string) => void lines.push(line) };
  const access = { address: parseRedisUrl(url), ca, name: 'test' };
  const connection = new RedisConnection({ ...access, timeoutMs: TIMEOUT_MS, log });
  const notices = new RedisNotices(connection, access, log);
  return {
    connection,
    lines,
    rateLimits: new RedisRateLimits(connection),
    tokenBuckets: new RedisTokenBuckets(connection, clock),
    notices,
    close: async () => {
      notices.close();
      await connection.close();
    },
  };
}

/** A replica that is connected. */
export async function redisReplica(url: string, ca?: string): Promise<RedisReplica> {
  const replica = replicaOf(url, ca);
  try {
    await until('Redis is connected', () => replica.connection.connected && replica.notices.hears);
    return replica;
  } catch (error) {
    await replica.close();
    throw error;
  }
}

export interface Backend {
  replica(): Promise<Replica>;
  stop(): Promise<void>;
}

async function inProcess(): Promise<Backend> {
  // "Replicas" of one process are one.
  const only: Replica = {
    rateLimits: new InProcessRateLimits(),
    tokenBuckets: new InProcessTokenBuckets(clock),
    notices: new InProcessNotices(),
    close: async () => undefined,
  };
  return { replica: async () => only, stop: async () => undefined };
}

function over(start: () => Promise<{ readonly url: string; stop(): Promise<void> }>): () => Promise<Backend> {
  return async () => {
    const server = await start();
    return { replica: () => redisReplica(server.url), stop: () => server.stop() };
  };
}

/** Every implementation has to behave alike. */
export const BACKENDS: readonly (readonly [string, () => Promise<Backend>])[] = [
  ['in the process', inProcess],
  ['over a Redis', over(() => RedisServer.start())],
  ['over a Redis cluster', over(() => RedisCluster.start())],
];
