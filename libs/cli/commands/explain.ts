import type { Command } from 'commander';
import { type Registry, runs, teach } from '../command.ts';
import { type ExplainedDecision, explanationLines } from '../format/explanation.ts';

export function registerExplain(program: Command, registry: Registry): void {
  const command = program
    .command('explain')
    .argument('<decisionId>', 'from "oce evaluate", or the id of its audit entry')
    .summary('why a decision came out as it did')
    .description(
      'Tells in plain words why a decision came out as it did: what each policy said, and what to do about it.',
    );
  teach(command, { examples: ['oce explain 01KAX3M4N5P6Q7R8S9T0V1W2X3 --as alice@acme.test'] });
  runs(command, registry, async (context, _options, [id]) => {
    const answer = await (
      await context.api()
    ).get<ExplainedDecision>(`/api/v1/policy/decisions/${encodeURIComponent(id!)}`);
    if (context.asJson) context.terminal.json(answer);
    else for (const line of explanationLines(answer)) context.terminal.out(line);
  });
}
