/** The way of a message: each step is a job that is stored in the transaction of the step before. */
export const CLASSIFY_QUEUE = 'message.classify';
export const DECIDE_QUEUE = 'message.decide';
export const SEND_QUEUE = 'message.send';

export interface MessageJob {
  readonly tenantId: string;
  readonly id: string;
}

/** A job whose process has died counts as failed after so many seconds, and comes again. */
const EXPIRE_SECONDS = 60;
export const CONCURRENCY = 4;

/** With pauses that double, twelve tries last for more than two hours. */
export const STEP = { retryLimit: 12, retryDelaySeconds: 2, expireInSeconds: EXPIRE_SECONDS, concurrency: CONCURRENCY };
/** A reply that could not be sent for an hour would surprise. */
export const SEND_TRIES = 10;
export const SEND_STEP = { ...STEP, retryLimit: SEND_TRIES };
/** A write that has begun later could still be under way when its job comes again. */
export const LATEST_WRITE_MS = 12_000;
