import type { ConnectorType } from '../work-item.ts';

/** An answer as it came over the wire, read to its end. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** What an answer means for the request. */
export type Judgement =
  /** For the connector to read, an error of its own kind included. */
  | { readonly kind: 'answer' }
  /** The credentials are refused; nothing was done. */
  | { readonly kind: 'unauthorised' }
  /** Too often; nothing was done. */
  | { readonly kind: 'limited'; readonly retryAt: number | undefined; readonly ofPerson: boolean }
  /** Something went wrong over there; it may have been done. */
  | {
      readonly kind: 'failed';
      readonly failure: 'unavailable' | 'garbled';
      readonly message: string;
      readonly retryAt: number | undefined;
    };

/** Without a word from GitHub: "wait at least one minute". Source: GitHub REST API, "Rate limits", secondary. */
const SECONDARY_WAIT_MS = 60_000;
/** How much of an error's body is looked at. */
const LOOK_BYTES = 8_192;

const GOOGLE_LIMITS = /"(?:reason|status)":\s*"(rateLimitExceeded|userRateLimitExceeded|RESOURCE_EXHAUSTED)"/;

/** Reads an answer as the vendor means it. Sources: the vendors' published error references. */
export function judge(type: ConnectorType, answer: WireAnswer, wantsJson: boolean, now: number): Judgement {
  const { status, headers, body } = answer;
  const retryAt = retryTime(headers, now);
  if (status === 401) return { kind: 'unauthorised' };
  if (status === 429)
    return { kind: 'limited', retryAt: retryAt ?? primaryReset(headers, now), ofPerson: isGoogle(type) };
  if (status === 403) {
    const text = new TextDecoder().decode(body.subarray(0, LOOK_BYTES));
    if (isGoogle(type) && GOOGLE_LIMITS.test(text)) return { kind: 'limited', retryAt, ofPerson: true };
    if (type === 'github') {
      const reset = primaryReset(headers, now);
      if (reset !== undefined) return { kind: 'limited', retryAt: retryAt ?? reset, ofPerson: false };
      if (retryAt !== undefined || /secondary rate limit|abuse detection/i.test(text))
        return { kind: 'limited', retryAt: retryAt ?? now + SECONDARY_WAIT_MS, ofPerson: false };
    }
  }
  if (status >= 500) return { kind: 'failed', failure: 'unavailable', message: `answered ${status}`, retryAt };
  if (status >= 200 && status < 300 && isGarbled(answer, wantsJson))
    return {
      kind: 'failed',
      failure: 'garbled',
      message: `answered ${status} with something that is no JSON`,
      retryAt,
    };
  return { kind: 'answer' };
}

/**
 * `Retry-After` in seconds or as an HTTP date, as milliseconds since 1970. Source: RFC 9110, section 10.2.3.
 * A date that has passed is now; nonsense is nothing; nobody waits for more than a day.
 */
export function retryTime(headers: Headers, now: number): number | undefined {
  const given = headers.get('retry-after')?.trim();
  if (!given) return undefined;
  const at = /^\d+(\.\d+)?$/.test(given) ? now + Number(given) * 1000 : Date.parse(given);
  return Number.isFinite(at) ? Math.min(Math.max(at, now), now + 86_400_000) : undefined;
}

/** When GitHub's hour ends, where nothing is left of it; the same headers in Jira's spelling, with an ISO date. */
export function primaryReset(headers: Headers, now: number): number | undefined {
  if (headers.get('x-ratelimit-remaining') !== '0') return undefined;
  const given = headers.get('x-ratelimit-reset') ?? '';
  const at = /^\d+$/.test(given) ? Number(given) * 1000 : Date.parse(given);
  return Number.isFinite(at) ? Math.min(Math.max(at, now), now + 86_400_000) : now + SECONDARY_WAIT_MS;
}

function isGoogle(type: ConnectorType): boolean {
  return type === 'gmail' || type === 'gcal' || type === 'gdrive';
}

/** JSON that is none, or a page of some proxy where JSON was asked for. */
function isGarbled({ status, headers, body }: WireAnswer, wantsJson: boolean): boolean {
  if (status === 204 || status === 205 || body.length === 0) return false;
  const type = headers.get('content-type') ?? '';
  if (/[/+]json/i.test(type)) {
    try {
      JSON.parse(new TextDecoder().decode(body));
      return false;
    } catch {
      return true;
    }
  }
  return wantsJson && /^text\/html/i.test(type);
}
