import { Octokit } from 'octokit';
import type { VendorAccess } from '../connector.ts';
import { asVendorError, garbled, Refused, retryAtOf } from '../refused.ts';
import { numberIn, objectIn, textIn } from '../vendor-json.ts';

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The vendor's client through the pipeline, which alone signs, waits and retries. */
export function githubFor(access: VendorAccess): Octokit {
  return new Octokit({
    baseUrl: access.baseUrl,
    userAgent: 'openclaw-enterprise',
    // A repository that has moved answers 301: to follow would make one thing out of two names.
    request: { fetch: access.fetch, redirect: 'manual' },
    headers: { 'x-github-api-version': '2022-11-28' },
    retry: { enabled: false },
    throttle: { enabled: false },
    log: SILENT,
  });
}

export interface Answer {
  readonly data: unknown;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
}

/** An answer of GitHub's, or its refusal in words. @throws VendorError */
export async function call(
  access: VendorAccess,
  request: Promise<Answer & { readonly status: number }>,
): Promise<Answer> {
  let answer;
  try {
    answer = await request;
  } catch (error) {
    throw refusal(error, access.now());
  }
  if (answer.status >= 300) throw new Refused(answer.status, 'github', { failure: 'not_found', says: 'has moved' });
  // Of JSON that is cut off or none the client makes a text, without a word.
  if (typeof answer.data !== 'object' || answer.data === null) throw garbled('github');
  return answer;
}

/** Null where the thing is not there for this person: deleted, moved, or no longer shared. @throws VendorError */
export async function callIfThere(access: VendorAccess, request: Parameters<typeof call>[1]): Promise<Answer | null> {
  try {
    return await call(access, request);
  } catch (error) {
    if (error instanceof Refused && [301, 302, 307, 308, 404, 410, 451].includes(error.status)) return null;
    throw error;
  }
}

/** The client's error holds request and answer, with what people wrote: it is not passed on, not even as the cause. */
function refusal(error: unknown, now: number): Error {
  const { status, response } = objectIn(error);
  if (response === undefined) return asVendorError('github', error);
  const { headers, data } = objectIn(response);
  const { message, errors } = objectIn(data);
  const code = numberIn(status);
  const named = objectIn(headers);
  const after = named['retry-after'] === undefined ? undefined : retryAtOf(String(named['retry-after']), now);
  const empty = String(named['x-ratelimit-remaining'] ?? '') === '0';
  // GitHub says 403 for both of its limits.
  if (code === 429 || (code === 403 && (after !== undefined || empty || /rate limit/i.test(textIn(message))))) {
    const reset = Number(named['x-ratelimit-reset']) * 1000;
    const retryAt = after ?? (empty && Number.isFinite(reset) ? reset : now + 60_000);
    return new Refused(code, 'github', { failure: 'rate_limited', says: 'too many requests', retryAt });
  }
  if (code === 304) return new Refused(304, 'github', { says: 'nothing has changed' });
  if (code !== 422 && code !== 400) return new Refused(code, 'github');
  const first = Array.isArray(errors) ? errors[0] : undefined;
  const reason = textIn(first) || textIn(objectIn(first)['message']) || textIn(message);
  return new Refused(code, 'github', reason === '' ? {} : { says: reason.slice(0, 500) });
}
