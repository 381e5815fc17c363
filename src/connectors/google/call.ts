/** How the clients of Google's APIs are built here, and how their failures become ours. */
import type { VendorAccess, VendorError, VendorFailure } from '../connector.ts';
import { REPEATABLE_HEADER } from '../pipeline/vendor-fetch.ts';
import { asVendorError, garbled, Refused, retryAtOf } from '../refused.ts';

/** Options for a client of `@googleapis/*` that goes through the pipeline, which alone signs, waits and retries. */
export function clientOptions(access: VendorAccess) {
  return {
    rootUrl: `${access.baseUrl}/`,
    fetchImplementation: access.fetch,
    retry: false,
    responseType: 'json',
  } as const;
}

/** For a write that comes to the same however often it is sent: the pipeline may repeat it. */
export const REPEATABLE = { headers: { [REPEATABLE_HEADER]: 'yes' } } as const;

/** A request that Google has refused, with what tells its kind. */
export class GoogleRefused extends Refused {
  constructor(
    status: number,
    what: string,
    /** Google's own word, such as `fullSyncRequired`. */
    readonly reason: string,
    retryAt: number | undefined,
  ) {
    super(status, what, { ...meaningOf(status, reason), retryAt });
  }
}

/** Google says 403 of limits too, and has its own use of conflicts. */
function meaningOf(status: number, reason: string): { failure?: VendorFailure; says?: string } {
  if (/rateLimit|quotaExceeded|limitExceeded/i.test(reason))
    return { failure: 'rate_limited', says: 'too many requests' };
  if (status === 409) return { says: 'exists already' };
  return status === 412 ? { says: 'has changed in the meantime' } : {};
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
    throw failureIn(words, error);
  }
}

interface Answer {
  readonly status?: number;
  readonly headers?: Headers | Record<string, string>;
  readonly data?: unknown;
}

function failureIn(words: string, error: unknown): VendorError {
  const { status, headers, data } = (error as { response?: Answer }).response ?? {};
  if (status === undefined) return asVendorError(words, error);
  const after = headers instanceof Headers ? headers.get('retry-after') : headers?.['retry-after'];
  return new GoogleRefused(status, words, reasonIn(data), retryAtOf(after, Date.now()));
}

function reasonIn(data: unknown): string {
  const error = (data as { error?: { errors?: { reason?: unknown }[]; status?: unknown } } | null | undefined)?.error;
  if (typeof error !== 'object' || error === null) return '';
  const reason = Array.isArray(error.errors) ? error.errors[0]?.reason : undefined;
  return String(reason ?? error.status ?? '');
}
