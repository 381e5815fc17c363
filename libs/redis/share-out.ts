/**
 * Which of several calls that were counted together are let through: exactly those that would be, had they been counted one
 * after the other. Those that are refused count as well.
 * @param costs points of each, in the order of their arrival
 * @param consumed points that the bucket has given away, with all of these
 * @param points what it holds
 */
export function shareOut(costs: readonly number[], consumed: number, points: number): boolean[] {
  let so = consumed - costs.reduce((sum, cost) => sum + cost, 0);
  return costs.map((cost) => (so += cost) <= points);
}
