import { table } from '../load/table.ts';
import { contextItems } from './context.ts';
import { readCases } from './labelled.ts';
import { measure } from './precision.ts';

export const TUNED_ON = ['engineering', 'office'] as const;
export const HELD_OUT = ['held-out'] as const;

/** `npm run correlation`: precision and recall of merges on the labelled set, and every failure. */
export function main(say: (line: string) => void): void {
  const context = contextItems(500);
  const tuned = TUNED_ON.flatMap(readCases);
  const heldOut = HELD_OUT.flatMap(readCases);
  const results = [
    measure('tuned on', tuned, context),
    measure('held out', heldOut, context),
    measure('all', [...tuned, ...heldOut], context),
  ];
  const rows = results.map((one) => [
    one.name,
    String(one.labelled),
    String(one.same),
    one.precision.toFixed(3),
    one.recall.toFixed(3),
  ]);
  say(table(['Labelled set', 'pairs', 'same work', 'precision', 'recall'], rows));
  for (const failure of results.at(-1)!.failures) say(failure);
}
