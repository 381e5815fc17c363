import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** What a try to take from a bucket came to. */
export type Taken = { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number };

/** Port to rate limits that all replicas share. */
export abstract class RateLimits {
  /**
   * Takes `cost` points from the bucket of `key`, which holds `perMinute` points a minute.
   * @param bucket name of the limit, one of a fixed set
   */
  abstract take(bucket: string, key: string, perMinute: number, cost?: number): Promise<Taken>;
}

/** Rate limits of a single process. */
export class InProcessRateLimits extends RateLimits {
  private readonly buckets = new Map<string, RateLimiterMemory>();

  override async take(bucket: string, key: string, perMinute: number, cost = 1): Promise<Taken> {
    const name = `${bucket}:${perMinute}`;
    let limiter = this.buckets.get(name);
    if (!limiter) {
      limiter = new RateLimiterMemory({ keyPrefix: bucket, points: perMinute, duration: 60 });
      this.buckets.set(name, limiter);
    }
    try {
      await limiter.consume(key, cost);
      return { ok: true };
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      return { ok: false, retryAfterSeconds: Math.max(1, Math.ceil(refused.msBeforeNext / 1000)) };
    }
  }
}
