const FIRST_MS = 250;
const MOST_MS = 8_000;

/**
 * How long to wait before attempt `attempt` + 1: doubling, with full jitter so that many who failed together do not come back
 * together. Never before `retryAt`, and then spread over a little more.
 * @param random from 0 to 1
 */
export function pauseBefore(attempt: number, retryAt: number | undefined, now: number, random: number): number {
  const most = Math.min(MOST_MS, FIRST_MS * 2 ** (attempt - 1));
  if (retryAt === undefined) return Math.round(most * (0.2 + 0.8 * random));
  return Math.max(0, retryAt - now) + Math.round(most * 0.5 * random);
}
