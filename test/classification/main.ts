import { MESSAGE_CLASSES } from '#auto-response';
import { table } from '../load/table.ts';
import { readMessages } from './labelled.ts';
import { measure, type Measure } from './measure.ts';
import { withCorrections } from './taste.ts';

export const TUNED_ON = ['tuning'] as const;
export const HELD_OUT = ['held-out'] as const;

/** `npm run classification`: how well messages are classified, every failure, and what corrections change. */
export function main(say: (line: string) => void): void {
  const [tuned, heldOut] = [TUNED_ON.flatMap(readMessages), HELD_OUT.flatMap(readMessages)];
  const parts = [measure('tuned on', tuned), measure('held out', heldOut)];
  const learnt = [withCorrections(tuned), withCorrections(heldOut)];
  const rows = [
    ...parts,
    ...learnt.flatMap(({ before, after }, i) =>
      [before, after].map((one) => ({ ...one, name: `${parts[i]!.name}, ${one.name}` })),
    ),
  ].map((one) => [
    ...[one.name, String(one.n), one.macroF1.toFixed(3), one.accuracy.toFixed(3)],
    ...MESSAGE_CLASSES.map((name) => one.f1[name].toFixed(3)),
  ]);
  say(
    table(['Labelled set', 'messages', 'macro F1', 'accuracy', ...MESSAGE_CLASSES.map((name) => `F1 ${name}`)], rows),
  );
  say(`Corrections: ${learnt.map(({ corrections }, i) => `${corrections} (${parts[i]!.name})`).join(', ')}`);
  for (const part of parts) tell(part, say);
}

function tell({ name, confusion, failures }: Measure, say: (line: string) => void): void {
  say(`\n${name}: label (rows) and what it was taken for (columns)`);
  const rows = MESSAGE_CLASSES.map((label) => [
    label,
    ...MESSAGE_CLASSES.map((taken) => String(confusion[label][taken])),
  ]);
  say(table(['', ...MESSAGE_CLASSES], rows));
  for (const failure of failures) say(failure);
}
