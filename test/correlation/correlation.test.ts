import { describe, expect, it } from '@jest/globals';
import { contextItems } from './context.ts';
import { readCases } from './labelled.ts';
import { HELD_OUT, TUNED_ON } from './main.ts';
import { measure } from './precision.ts';

describe('correlation on the labelled set', () => {
  const context = contextItems(500);
  const tuned = TUNED_ON.flatMap(readCases);
  const heldOut = HELD_OUT.flatMap(readCases);

  it('has at least 300 labelled pairs, nearly a third of them held out', () => {
    const all = measure('all', [...tuned, ...heldOut], []);
    expect(all.labelled).toBeGreaterThanOrEqual(300);
    expect(measure('held out', heldOut, []).labelled).toBeGreaterThanOrEqual(150);
  });

  it.each([
    ['that the rules were tuned on', tuned],
    ['that was held out', heldOut],
    ['taken together', [...tuned, ...heldOut]],
  ])('merges with a precision of 0.98 and a recall of 0.9 on the part %s', (name, cases) => {
    const { precision, recall, failures } = measure(name, cases, context);
    if (precision < 0.98 || recall < 0.9) throw new Error(`${precision} / ${recall}\n${failures.join('\n')}`);
  });
});
