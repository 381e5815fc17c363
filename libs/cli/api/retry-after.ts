/** Longest wait that is worth it in a terminal, in seconds: the rate limits count by the minute. */
export const LONGEST_WAIT_SECONDS = 60;

/**
 * Seconds to wait by a `Retry-After` header: a number or an HTTP date (RFC 9110, 10.2.3). Undefined where there is none,
 * where it says nothing, or where it asks for more patience than {@link LONGEST_WAIT_SECONDS}.
 */
export function retryAfterSeconds(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - now) / 1000);
  if (!Number.isFinite(seconds) || seconds > LONGEST_WAIT_SECONDS) return undefined;
  return Math.max(0, seconds);
}
