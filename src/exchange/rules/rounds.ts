/** The rounds of an exchange: the first envelope's wish, capped by the policies of both people. Fixed from then on. */
export function agreedRounds(wish: number, ...limits: readonly number[]): number {
  return Math.max(1, Math.min(wish, ...limits));
}

/**
 * Whether a message may take the round that it claims. The server counts: a claim neither resets nor skips, and one beyond the
 * limit hands over to people. Source: DOMAIN rules, section 6.
 * @param taken rounds that the exchange has used
 */
export function claimRound(claimed: number, taken: number, limit: number): 'next' | 'beyond' | 'not next' {
  if (claimed > limit || (taken >= limit && claimed === taken + 1)) return 'beyond';
  return claimed === taken + 1 ? 'next' : 'not next';
}
