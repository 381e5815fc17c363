import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import {
  Global,
  Inject,
  Injectable,
  Logger,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { parseRedisUrl } from './address.ts';
import type { RedisAccess } from './client.ts';
import { RedisConnection } from './connection.ts';
import { InProcessNotices, Notices } from './notices.ts';
import { InProcessRateLimits, RateLimits } from './rate-limits.ts';
import { RedisNotices } from './redis-notices.ts';
import { RedisRateLimits } from './redis-rate-limits.ts';
import { RedisTokenBuckets } from './redis-token-buckets.ts';
import { showRedis } from './redis.metrics.ts';
import { InProcessTokenBuckets, TokenBuckets } from './token-buckets.ts';

/** A start waits so long for Redis and then goes on without it. */
const PATIENCE_MS = 1_000;

/** What the settings say of Redis; undefined where there is none. */
export function redisAccess(
  settings: Partial<Pick<Settings, 'REDIS_URL' | 'REDIS_PASSWORD' | 'REDIS_CA' | 'OPENCLAW_REPLICA_ID'>>,
): RedisAccess | undefined {
  if (settings.REDIS_URL === undefined) return undefined;
  const address = parseRedisUrl(settings.REDIS_URL);
  return {
    address: { ...address, password: settings.REDIS_PASSWORD ?? address.password },
    ca: settings.REDIS_CA,
    name: `openclaw-${settings.OPENCLAW_REPLICA_ID ?? 'doctor'}`,
  };
}

/** The implementations of the ports behind which replicas coordinate, and the connection that they share. */
@Injectable()
export class Coordination implements OnModuleInit, OnApplicationShutdown {
  readonly rateLimits: RateLimits;
  readonly tokenBuckets: TokenBuckets;
  readonly notices: Notices;
  /** Undefined in a process that needs no coordination. */
  readonly connection: RedisConnection | undefined;

  constructor(@Inject(SETTINGS_TOKEN) settings: Settings, clock: Clock) {
    const access = redisAccess(settings);
    if (!access) {
      this.rateLimits = new InProcessRateLimits();
      this.tokenBuckets = new InProcessTokenBuckets(clock);
      this.notices = new InProcessNotices();
      return;
    }
    const log = new Logger('redis');
    this.connection = new RedisConnection({ ...access, timeoutMs: settings.REDIS_TIMEOUT_MS, log });
    this.rateLimits = new RedisRateLimits(this.connection);
    this.tokenBuckets = new RedisTokenBuckets(this.connection, clock);
    this.notices = new RedisNotices(this.connection, access, log);
    showRedis(this.connection);
  }

  /** What is wrong between the replicas; undefined where all is well. */
  get problem(): string | undefined {
    if (this.connection?.problem !== undefined) return this.connection.problem;
    if (this.notices instanceof RedisNotices && !this.notices.hears) return 'notices of other replicas are not heard';
    return undefined;
  }

  async onModuleInit(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (this.problem !== undefined && performance.now() < deadline) await delay(20);
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.notices instanceof RedisNotices) this.notices.close();
    await this.connection?.close();
  }
}

/** The ports behind which replicas coordinate: through Redis where `REDIS_URL` names one, else inside the process. */
@Global()
@Module({
  providers: [
    Coordination,
    { provide: RateLimits, inject: [Coordination], useFactory: (of: Coordination) => of.rateLimits },
    { provide: TokenBuckets, inject: [Coordination], useFactory: (of: Coordination) => of.tokenBuckets },
    { provide: Notices, inject: [Coordination], useFactory: (of: Coordination) => of.notices },
  ],
  exports: [RateLimits, TokenBuckets, Notices, Coordination],
})
export class RedisModule {}
