export * from './problem.ts';
export * from './problem.filter.ts';
export { answerOnSocket } from './problem.response.ts';
export * from './validation.ts';
export * from './json.ts';
export * from './fastify.ts';
export * from './rate-limit.guard.ts';
export * from './idempotency.guard.ts';
export * from './instant.ts';
