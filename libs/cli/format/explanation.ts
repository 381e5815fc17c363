import { printable } from './printable.ts';

/** The answer of `GET /policy/decisions/:id`, as far as it is shown. */
export interface ExplainedDecision {
  readonly decisionId: string;
  readonly decidedAt: string;
  readonly revision: string | number | null;
  readonly explanation: {
    readonly summary: string;
    readonly steps: readonly string[];
    readonly next: string | null;
  };
}

/** A decision in plain words. */
export function explanationLines({ decisionId, decidedAt, revision, explanation }: ExplainedDecision): string[] {
  const { summary, steps, next } = explanation;
  return [
    printable(summary),
    ...(steps.length > 0
      ? ['', 'How it came about:', ...steps.map((step, at) => `  ${at + 1}. ${printable(step)}`)]
      : []),
    ...(next ? ['', `What next: ${printable(next)}`] : []),
    '',
    `decision ${decisionId}, ${decidedAt}${revision === null ? '' : `, policy revision ${revision}`}`,
  ];
}
