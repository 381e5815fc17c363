/** How the clients of Google's APIs are built here, and how their failures become ours. */
import { VendorError, type VendorAccess, type VendorFailure } from '../connector.ts';

/** Options for a client of `@googleapis/*` that goes through the pipeline, which alone signs, waits and retries. */
export function clientOptions(access: VendorAccess) {
  return { rootUrl: `${access.baseUrl}/`, fetchImplementation: access.fetch, retry: false } as const;
}

/** A request that Google has refused, with what tells its kind. */
export class GoogleRefused extends VendorError {
  constructor(
    failure: VendorFailure,
    message: string,
    readonly status: number,
    /** Google's own word, such as `fullSyncRequired`. */
    readonly reason: string,
    retryAt?: number,
  ) {
    super(failure, message, retryAt);
  }
}

/**
 * The object in an answer of Google's.
 * @param words for a person: what was asked for, such as `gcal: the event`
 * @throws VendorError what `fetch` threw, unchanged; else by the status of the answer
 */
export async function call<T extends object>(words: string, request: Promise<{ data: T }>): Promise<T> {
  const { data } = await settled(words, request);
  // Of a body that is no JSON the client makes a string, without a word.
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw garbled(words);
  return data;
}

/** The same where the answer is text or has no body. */
export async function callForText(words: string, request: Promise<{ data: unknown }>): Promise<string> {
  const { data } = await settled(words, request);
  return typeof data === 'string' ? data : '';
}

/** A list in an answer; whatever else the vendor has put into that place counts as empty. */
export function listOf<T extends object>(list: readonly (T | null | undefined)[] | null | undefined): T[] {
  return Array.isArray(list) ? list.filter((one): one is T => typeof one === 'object' && one !== null) : [];
}

async function settled<T>(words: string, request: Promise<{ data: T }>): Promise<{ data: T }> {
  try {
    return await request;
  } catch (error) {
    // The client's error holds request and answer, with what people wrote: it is not passed on, not even as the cause.
    throw asVendorError(words, error);
  }
}

interface Answer {
  readonly status?: number;
  readonly headers?: Headers | Record<string, string>;
  readonly data?: unknown;
}

function asVendorError(words: string, error: unknown): VendorError {
  const chain = causesOf(error);
  const own = chain.find((cause) => cause instanceof VendorError);
  if (own !== undefined) return own;
  const { response } = error as { response?: Answer };
  if (response?.status !== undefined) return refused(words, response.status, response);
  if (chain.some(({ name }) => name === 'TimeoutError' || name === 'AbortError')) {
    return new VendorError('timeout', `${words}: no answer in time`);
  }
  // What undici says of a body that ends before its length.
  if (chain.some(({ message }) => message === 'terminated')) {
    return new VendorError('garbled', `${words}: the answer broke off`);
  }
  return new VendorError('unavailable', `${words}: the system cannot be reached`);
}

/** An error and what lies behind it; known by its looks, because not every error is of this realm. */
function causesOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (
    let cause = error;
    typeof cause === 'object' && cause !== null && chain.length < 5;
    cause = (cause as Error).cause
  ) {
    chain.push(cause as Error);
  }
  return chain;
}

function refused(words: string, status: number, { headers, data }: Answer): GoogleRefused {
  const reason = reasonIn(data);
  const after = Number(headers instanceof Headers ? headers.get('retry-after') : headers?.['retry-after']);
  const retryAt = Number.isFinite(after) && after > 0 ? Date.now() + after * 1000 : undefined;
  const [failure, says] = failureOf(status, reason);
  return new GoogleRefused(failure, `${words}: ${says}`, status, reason, retryAt);
}

function failureOf(status: number, reason: string): [VendorFailure, string] {
  // Google says 403 for both.
  if (status === 429 || /rateLimit|quotaExceeded|limitExceeded/i.test(reason))
    return ['rate_limited', 'too many requests'];
  switch (status) {
    case 401:
      return ['unauthorised', 'the access token is not accepted'];
    case 403:
      return ['forbidden', 'this person may not do that'];
    case 404:
      return ['not_found', 'does not exist, or is not shared with this person'];
    case 409:
      return ['invalid', 'exists already'];
    case 410:
      return ['not_found', 'no longer exists'];
    case 412:
      return ['invalid', 'has changed in the meantime'];
    case 408:
    case 504:
      return ['timeout', 'no answer in time'];
    default:
      return status >= 500 ? ['unavailable', `the system failed (${status})`] : ['invalid', `was refused (${status})`];
  }
}

function reasonIn(data: unknown): string {
  const error = (data as { error?: { errors?: { reason?: unknown }[]; status?: unknown } } | null | undefined)?.error;
  if (typeof error !== 'object' || error === null) return '';
  const reason = Array.isArray(error.errors) ? error.errors[0]?.reason : undefined;
  return String(reason ?? error.status ?? '');
}

function garbled(words: string): VendorError {
  return new VendorError('garbled', `${words}: the answer is not what Google documents`);
}
