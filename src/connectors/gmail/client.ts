import { gmail, type gmail_v1 } from '@googleapis/gmail';
import { VendorError, type VendorAccess, type VendorFailure } from '../connector.ts';

export type GmailApi = gmail_v1.Gmail;

/** Google answers some limits with 403. Source: "Resolve errors" in the Gmail API guides. */
const LIMITS = new Set(['rateLimitExceeded', 'userRateLimitExceeded', 'dailyLimitExceeded', 'quotaExceeded']);

/** Google's own client over our `fetch`; it neither retries nor signs in by itself. */
export function gmailClient({ baseUrl, fetch }: Pick<VendorAccess, 'baseUrl' | 'fetch'>): GmailApi {
  return gmail({
    version: 'v1',
    rootUrl: `${baseUrl}/`,
    fetchImplementation: fetch,
    retry: false,
    responseType: 'json',
    errorRedactor: false,
  });
}

/**
 * What a call to Gmail answers.
 * @throws VendorError
 */
export async function answerOf<T>(call: Promise<{ readonly data: T }>): Promise<T> {
  let data: T;
  try {
    ({ data } = await call);
  } catch (error) {
    throw vendorError(error);
  }
  if (typeof data !== 'object' || data === null) throw new VendorError('garbled', 'gmail: the answer is not JSON');
  return data;
}

interface Refusal {
  readonly message?: unknown;
  readonly errors?: readonly { readonly reason?: unknown }[];
}

function vendorError(error: unknown): VendorError {
  const causes = causesOf(error);
  const ours = causes.find((each) => each instanceof VendorError);
  if (ours instanceof VendorError) return ours;
  const { response } = error as { response?: Response & { data?: unknown } };
  if (response === undefined) {
    const [failure, words] = brokenOff(causes.map(({ name, message }) => `${name}: ${message}`).join('; '));
    return new VendorError(failure, `gmail: ${words}`, undefined, { cause: error });
  }
  const { error: refusal } = (response.data ?? {}) as { error?: Refusal };
  const reason = refusal?.errors?.[0]?.reason;
  const [failure, words] = failureOf(response.status, typeof reason === 'string' ? reason : '');
  const detail = typeof refusal?.message === 'string' ? `: ${refusal.message.slice(0, 300)}` : '';
  return new VendorError(failure, `gmail: ${words}${detail}`, retryAt(response.headers), { cause: error });
}

/** The client wraps what `fetch` throws, and `fetch` wraps what the socket says. */
function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let each = error as Error | undefined; each && causes.length < 5; each = each.cause as Error | undefined) {
    causes.push(each);
  }
  return causes;
}

function brokenOff(why: string): [VendorFailure, string] {
  if (/timed? ?out|abort/i.test(why)) return ['timeout', 'no answer in time'];
  return /terminated/i.test(why) ? ['garbled', 'the answer broke off'] : ['unavailable', 'cannot be reached'];
}

function failureOf(status: number, reason: string): [VendorFailure, string] {
  if (status === 429 || LIMITS.has(reason)) return ['rate_limited', 'too many requests'];
  if (reason === 'failedPrecondition')
    return ['forbidden', 'the mailbox does not exist, or mail is not enabled for it'];
  if (status === 401) return ['unauthorised', 'the sign-in has expired or was withdrawn'];
  if (status === 403) return ['forbidden', 'not allowed with this sign-in'];
  if (status === 404) return ['not_found', 'no such message, thread or label'];
  if (status >= 500) return ['unavailable', `is out of order (${status})`];
  return ['invalid', `does not accept the request (${status})`];
}

function retryAt(headers: Headers): number | undefined {
  const after = headers.get('retry-after');
  if (after === null) return undefined;
  const at = /^\d{1,6}$/.test(after) ? Date.now() + Number(after) * 1_000 : Date.parse(after);
  return Number.isFinite(at) ? at : undefined;
}
