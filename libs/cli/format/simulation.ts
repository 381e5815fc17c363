import { table } from './table.ts';

interface Verdict {
  readonly decision: string;
  readonly autonomy: string;
}

/** What a draft would change, as the service tells it. */
export interface Simulation {
  readonly examined: number;
  readonly flipped: number;
  readonly items: readonly {
    readonly decisionId: string;
    readonly userId: string;
    readonly action: string;
    readonly before: Verdict;
    readonly after: Verdict;
    readonly reason: string;
  }[];
}

const HEAD = ['DECISION', 'FOR', 'ACTION', 'NOW', 'THEN', 'WHY'];

/** How many decisions would come out differently, and a line for each that would. */
export function simulationLines(policy: string, simulation: Simulation, width?: number): string[] {
  const { examined, flipped, items } = simulation;
  const summary = `${policy}: ${flipped} of ${examined} recorded ${examined === 1 ? 'decision' : 'decisions'} would change`;
  const rows = items.map(({ decisionId, userId, action, before, after, reason }) => {
    return [decisionId, userId, action, shown(before), shown(after), reason];
  });
  return rows.length === 0 ? [summary] : [summary, ...table(HEAD, rows, width)];
}

function shown({ decision, autonomy }: Verdict): string {
  return `${decision} (${autonomy})`;
}
