import { VendorError, type VendorFailure } from './connector.ts';

/** An answer other than 2xx, in words for a person. */
export class Refused extends VendorError {
  constructor(
    readonly status: number,
    what: string,
    options: { readonly failure?: VendorFailure; readonly says?: string; readonly retryAt?: number } = {},
  ) {
    const [failure, says] = MEANING[status] ?? (status >= 500 ? BROKEN : ODD);
    super(options.failure ?? failure, `${what}: ${options.says ?? says} (${status})`, options.retryAt);
  }
}

const BROKEN: readonly [VendorFailure, string] = ['unavailable', 'the system has failed'];
const ODD: readonly [VendorFailure, string] = ['invalid', 'the system has refused this'];
const MEANING: Readonly<Record<number, readonly [VendorFailure, string]>> = {
  401: ['unauthorised', 'the access token is not accepted'],
  403: ['forbidden', 'this person may not do that'],
  404: ['not_found', 'does not exist, or is not shared with this person'],
  408: ['timeout', 'no answer in time'],
  410: ['not_found', 'no longer exists'],
  429: ['rate_limited', 'too many requests'],
  504: ['timeout', 'no answer in time'],
};

/**
 * What a call through `fetch` has thrown, as the caller may see it: the pipeline's own error unchanged, however deep a
 * vendor's client has wrapped it; else what it comes to. Nothing of request or answer goes along.
 */
export function asVendorError(what: string, error: unknown): VendorError {
  let last = error;
  for (let depth = 0; typeof last === 'object' && last !== null && depth < 6; depth += 1) {
    if (last instanceof VendorError) return last;
    const { name, message, cause } = last as Partial<Error>;
    if (name === 'TimeoutError' || name === 'AbortError')
      return new VendorError('timeout', `${what}: no answer in time`);
    if (message === 'terminated') return garbled(what);
    last = cause;
  }
  return new VendorError('unavailable', `${what}: the system cannot be reached`);
}

export function garbled(what: string): VendorError {
  return new VendorError('garbled', `${what}: the answer makes no sense`);
}

/** When an answer says to come back, in milliseconds since 1970. Reads seconds and HTTP dates (RFC 9110, 10.2.3). */
export function retryAtOf(retryAfter: string | null | undefined, now: number): number | undefined {
  if (retryAfter == null || retryAfter === '') return undefined;
  const seconds = Number(retryAfter);
  if (Number.isFinite(seconds)) return now + Math.max(0, seconds) * 1000;
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? undefined : at;
}
