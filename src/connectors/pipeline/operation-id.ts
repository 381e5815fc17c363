import { createHash } from 'node:crypto';

/** By what a caller's tries of one write are told from everything else. */
export interface Repeatable {
  /** The same for each try, and of nobody else's: made of the caller and its `Idempotency-Key`. */
  readonly seed: string;
}

/**
 * The name under which connectors know a write again. Its content is part of it: a key under which a write has failed may
 * come back with another one, which is then another write.
 */
export function operationIdOf(
  { seed }: Repeatable,
  write: { readonly connectorId: string; readonly userId: string; readonly action: string; readonly input: unknown },
): string {
  const { connectorId, userId, action, input } = write;
  return createHash('sha256')
    .update(JSON.stringify([seed, connectorId, userId, action, input]))
    .digest('hex');
}
