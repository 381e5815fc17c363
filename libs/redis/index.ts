export * from './rate-limits.ts';
export * from './notices.ts';
export * from './redis.module.ts';
