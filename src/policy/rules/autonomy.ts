/** How freely an assistant may act, from least to most restrictive. Source: DOMAIN rules, section 2. */
export const AUTONOMY = ['autonomous', 'notify', 'approve', 'block'] as const;
export type Autonomy = (typeof AUTONOMY)[number];

/** What holds for one request: go ahead, ask a person first, or stop. */
export const DECISIONS = ['allow', 'require_approval', 'deny'] as const;
export type Decision = (typeof DECISIONS)[number];

/** True where `a` leaves the assistant less freedom than `b`. */
export function isStricter(a: Autonomy, b: Autonomy): boolean {
  return AUTONOMY.indexOf(a) > AUTONOMY.indexOf(b);
}

/** The strictest of several verdicts; `undefined` where nobody has an opinion. */
export function mostRestrictive(verdicts: Iterable<Autonomy>): Autonomy | undefined {
  let strictest: Autonomy | undefined;
  for (const verdict of verdicts) {
    if (strictest === undefined || isStricter(verdict, strictest)) strictest = verdict;
  }
  return strictest;
}

/** `autonomous` and `notify` let the action happen (the second also tells), `approve` asks, `block` refuses. */
export function toDecision(autonomy: Autonomy): Decision {
  switch (autonomy) {
    case 'autonomous':
    case 'notify':
      return 'allow';
    case 'approve':
      return 'require_approval';
    case 'block':
      return 'deny';
    default:
      autonomy satisfies never;
      return 'deny';
  }
}
