import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RedisConnection } from './connection.ts';
import { InProcessRateLimits, RateLimits, type Taken } from './rate-limits.ts';
import { shareOut } from './share-out.ts';

const PREFIX = 'openclaw:limit';

interface Call {
  readonly cost: number;
  readonly settle: (taken: Taken) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Rate limits that all replicas share. While Redis is away each replica counts by itself, with the same limits. One key a
 * bucket and owner, gone a minute after its first call. Calls of one owner that arrive while Redis is being asked for it are
 * counted together with the next question.
 */
export class RedisRateLimits extends RateLimits {
  private readonly limiters = new Map<string, RateLimiterRedis>();
  private readonly here = new InProcessRateLimits();
  /** Calls that wait for the question under way, by limiter and owner. */
  private readonly waiting = new Map<string, Call[]>();

  constructor(private readonly connection: RedisConnection) {
    super();
  }

  override take(bucket: string, key: string, perMinute: number, cost = 1): Promise<Taken> {
    return this.connection.answer(
      `limit ${bucket} ${key}`,
      () => new Promise((settle, fail) => this.gather(bucket, key, perMinute, { cost, settle, fail })),
      () => this.here.take(bucket, key, perMinute, cost),
    );
  }

  private gather(bucket: string, key: string, perMinute: number, call: Call): void {
    const limiter = this.limiter(bucket, perMinute);
    const name = `${bucket}:${perMinute}:${key}`;
    const waiting = this.waiting.get(name);
    if (waiting) {
      waiting.push(call);
      return;
    }
    this.waiting.set(name, []);
    void this.count(limiter, name, key, [call]);
  }

  /** Asks for these calls and then for those that have come meanwhile, until there are none. */
  private async count(limiter: RateLimiterRedis, name: string, key: string, calls: Call[]): Promise<void> {
    while (calls.length > 0) {
      try {
        settle(calls, await consume(limiter, key, calls), limiter.points);
      } catch (error) {
        for (const { fail } of calls) fail(error);
      }
      calls = this.waiting.get(name)!;
      this.waiting.set(name, []);
    }
    this.waiting.delete(name);
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

async function consume(limiter: RateLimiterRedis, key: string, calls: readonly Call[]): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(
      key,
      calls.reduce((sum, { cost }) => sum + cost, 0),
    );
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return refused;
    throw refused;
  }
}

function settle(calls: readonly Call[], counted: RateLimiterRes, points: number): void {
  const costs = calls.map(({ cost }) => cost);
  // Refused without asking, it says that nothing was consumed.
  const through = counted.consumedPoints > 0 ? shareOut(costs, counted.consumedPoints, points) : costs.map(() => false);
  const refused: Taken = { ok: false, retryAfterSeconds: Math.max(1, Math.ceil(counted.msBeforeNext / 1000)) };
  for (const [n, call] of calls.entries()) call.settle(through[n] ? { ok: true } : refused);
}
