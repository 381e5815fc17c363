export * from './rate-limits.ts';
export * from './token-buckets.ts';
export * from './notices.ts';
export * from './redis.module.ts';
