import { Problem } from '#libs/http';
import { VendorError } from './connector.ts';

/** Where the vendor has said nothing of when to come back, in seconds. */
const DEFAULT_RETRY_SECONDS = 5;

/** What a caller is told about a call to a vendor that came to nothing. */
export function toProblem(error: VendorError, now: number): Problem {
  const wait = error.retryAt === undefined ? DEFAULT_RETRY_SECONDS : Math.ceil((error.retryAt - now) / 1000);
  const retryAfter = Math.max(1, wait);
  switch (error.failure) {
    case 'unauthorised':
      return new Problem('connector_unauthorised', `${error.message}.`);
    case 'forbidden':
      return new Problem('forbidden', `${error.message}.`);
    case 'not_found':
      return new Problem('not_found', `${error.message}.`);
    case 'invalid':
      return new Problem('validation_failed', `${error.message}.`);
    case 'overloaded':
      return new Problem('overloaded', `${error.message}; try again in ${retryAfter} s.`, { retryAfter });
    case 'rate_limited':
    case 'unavailable':
    case 'timeout':
    case 'garbled':
      return new Problem('connector_unavailable', `${error.message}; try again in ${retryAfter} s.`, { retryAfter });
    default:
      return error.failure satisfies never;
  }
}

/** The vendor error in what a vendor's client has thrown, which may have wrapped it. */
export function vendorErrorIn(error: unknown): VendorError | undefined {
  let at = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth++) {
    if (at instanceof VendorError) return at;
    at = at.cause;
  }
  return undefined;
}
