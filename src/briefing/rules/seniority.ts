/** One person of the directory, as far as the chain of management goes. */
export interface ChainLink {
  readonly id: string;
  /** In lower case. */
  readonly email: string;
  readonly managerId: string | null;
}

const MOST = 15;
const DIRECT_MANAGER = 5;
const OUTSIDE_THE_CHAIN = 10;
const LONGEST_CHAIN = 50;

/**
 * Points of askers as seen by one person, from the directory's management chain:
 * a manager of this person has 5 (the direct one) rising evenly to 15 (the top); somebody else who stands nearer to the top than
 * this person has up to 10, by how much nearer; everybody else, and who is not in the directory, has 0. Look-ups are remembered.
 * @returns the points of an e-mail address in lower case, 0–15
 */
export function seniorityFor(person: string, directory: Iterable<ChainLink>): (email: string) => number {
  const byId = new Map<string, ChainLink>();
  const byEmail = new Map<string, ChainLink>();
  for (const link of directory) {
    byId.set(link.id, link);
    byEmail.set(link.email, link);
  }
  const chain = chainOf(person, byId);
  const points = new Map<string, number>();
  return (email) => {
    const before = points.get(email);
    if (before !== undefined) return before;
    const asker = byEmail.get(email);
    const result = asker === undefined ? 0 : pointsOf(asker.id, person, chain, byId);
    points.set(email, result);
    return result;
  };
}

function pointsOf(
  asker: string,
  person: string,
  chain: readonly string[],
  byId: ReadonlyMap<string, ChainLink>,
): number {
  const above = chain.length;
  if (asker === person || above === 0) return 0;
  const distance = chain.indexOf(asker) + 1;
  if (distance === above) return MOST;
  if (distance > 0) return Math.round(DIRECT_MANAGER + ((MOST - DIRECT_MANAGER) * (distance - 1)) / (above - 1));
  const nearer = above - chainOf(asker, byId).length;
  return nearer <= 0 ? 0 : Math.round((OUTSIDE_THE_CHAIN * nearer) / above);
}

/** Ids of the managers above a person, the direct one first; a circle in the directory ends it. */
function chainOf(person: string, byId: ReadonlyMap<string, ChainLink>): string[] {
  const chain: string[] = [];
  const seen = new Set([person]);
  let manager = byId.get(person)?.managerId ?? null;
  while (manager !== null && byId.has(manager) && !seen.has(manager) && chain.length < LONGEST_CHAIN) {
    chain.push(manager);
    seen.add(manager);
    manager = byId.get(manager)?.managerId ?? null;
  }
  return chain;
}
