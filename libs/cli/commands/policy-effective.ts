import type { Command } from 'commander';
import { type Registry, runs, teach } from '../command.ts';
import { type EffectivePolicy, effectiveLines } from '../format/effective.ts';

export function registerEffective(group: Command, registry: Registry): void {
  const command = group
    .command('effective')
    .summary('what holds for a person, and where each value comes from')
    .description('Shows what holds for a person after merging every scope, and which policies each value comes from.')
    .option('--user <id>', 'another person within your reach');
  teach(command, {
    examples: ['oce policy effective --as alice@acme.test', 'oce policy effective --user bob --as admin@acme.test'],
  });
  runs<{ user?: string }>(command, registry, async (context, { user }) => {
    const answer = await (await context.api()).get<EffectivePolicy>('/api/v1/policies/effective', { userId: user });
    const { terminal } = context;
    if (context.asJson) terminal.json(answer);
    else for (const line of effectiveLines(answer, terminal.width)) terminal.out(line);
  });
}
