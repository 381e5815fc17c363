import { Clock } from '#libs/clock';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

export interface BucketLimit {
  readonly perSecond: number;
  /** How many may be taken at once from a bucket that has stood still. */
  readonly burst: number;
}

/** Port to token buckets that all replicas share: unlike {@link RateLimits} they say in milliseconds when to come back. */
export abstract class TokenBuckets {
  /** Takes a token. @returns 0 where there was one, else the milliseconds after which to ask again */
  abstract take(key: string, limit: BucketLimit): Promise<number>;
  /** Nobody takes from this bucket before `until` (milliseconds since 1970): its owner has said so. */
  abstract hold(key: string, until: number): Promise<void>;
  /** Milliseconds for which the bucket is held; 0 where it is not. */
  abstract heldFor(key: string): Promise<number>;
}

/** Buckets that nobody has touched are forgotten beyond this number; they are full again long before. */
const BUCKETS = 100_000;

@Injectable()
export class InProcessTokenBuckets extends TokenBuckets {
  private readonly buckets = new LRUCache<string, { tokens: number; at: number }>({ max: BUCKETS });
  private readonly holds = new LRUCache<string, number>({ max: BUCKETS });

  constructor(private readonly clock: Clock) {
    super();
  }

  override async take(key: string, { perSecond, burst }: BucketLimit): Promise<number> {
    const held = await this.heldFor(key);
    if (held > 0) return held;
    const now = this.clock.now();
    const bucket = this.buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond);
    const taken = tokens >= 1;
    this.buckets.set(key, { tokens: taken ? tokens - 1 : tokens, at: now });
    return taken ? 0 : Math.max(1, Math.ceil(((1 - tokens) / perSecond) * 1000));
  }

  override async hold(key: string, until: number): Promise<void> {
    this.holds.set(key, Math.max(until, this.holds.get(key) ?? 0));
  }

  override async heldFor(key: string): Promise<number> {
    const until = this.holds.get(key);
    if (until === undefined) return 0;
    const left = until - this.clock.now();
    if (left <= 0) this.holds.delete(key);
    return Math.max(0, left);
  }
}
