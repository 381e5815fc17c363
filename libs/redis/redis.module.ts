import { InProcessTokenBuckets, TokenBuckets } from './token-buckets.ts';
import { Global, Module } from '@nestjs/common';
import { InProcessNotices, Notices } from './notices.ts';
import { InProcessRateLimits, RateLimits } from './rate-limits.ts';

/** The ports behind which replicas coordinate. One process needs no coordination: the in-process implementations. */
@Global()
@Module({
  providers: [
    { provide: RateLimits, useClass: InProcessRateLimits },
    { provide: TokenBuckets, useClass: InProcessTokenBuckets },
    { provide: Notices, useClass: InProcessNotices },
  ],
  exports: [RateLimits, TokenBuckets, Notices],
})
export class RedisModule {}
