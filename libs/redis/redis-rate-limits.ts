import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RedisConnection } from './connection.ts';
import { InProcessRateLimits, RateLimits, type Taken } from './rate-limits.ts';

const PREFIX = 'openclaw:limit';

/**
 * Rate limits that all replicas share. While Redis is away each replica counts by itself, with the same limits. One key a
 * bucket and owner, gone a minute after its first call.
 */
export class RedisRateLimits extends RateLimits {
  private readonly limiters = new Map<string, RateLimiterRedis>();
  private readonly here = new InProcessRateLimits();

  constructor(private readonly connection: RedisConnection) {
    super();
  }

  override take(bucket: string, key: string, perMinute: number, cost = 1): Promise<Taken> {
    return this.connection.answer(
      `limit ${bucket} ${key}`,
      () => this.takeShared(bucket, key, perMinute, cost),
      () => this.here.take(bucket, key, perMinute, cost),
    );
  }

  private async takeShared(bucket: string, key: string, perMinute: number, cost: number): Promise<Taken> {
    try {
      await this.limiter(bucket, perMinute).consume(key, cost);
      return { ok: true };
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      return { ok: false, retryAfterSeconds: Math.max(1, Math.ceil(refused.msBeforeNext / 1000)) };
    }
  }

  private limiter(bucket: string, perMinute: number): RateLimiterRedis {
    const name = `${bucket}:${perMinute}`;
    let limiter = this.limiters.get(name);
    if (!limiter) {
      limiter = new RateLimiterRedis({
        storeClient: this.connection.client,
        keyPrefix: `${PREFIX}:${bucket}`,
        points: perMinute,
        duration: 60,
        // Whoever has used up their minute is refused without asking again.
        inMemoryBlockOnConsumed: perMinute,
      });
      this.limiters.set(name, limiter);
    }
    return limiter;
  }
}
