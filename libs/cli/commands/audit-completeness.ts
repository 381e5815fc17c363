import type { Command } from 'commander';
import { type Registry, runs, teach } from '../command.ts';
import { EXIT } from '../errors.ts';
import { type Completeness, completenessLines } from '../format/completeness.ts';

export function registerCompleteness(group: Command, registry: Registry): void {
  const command = group
    .command('completeness')
    .summary('is anything missing from the log?')
    .description(
      'Every replica numbers the entries that it writes without a gap. This looks for numbers that are missing. It is for ' +
        'enterprise admins, who see the whole log.',
    );
  teach(command, {
    examples: ['oce audit completeness --as admin@acme.test'],
    exits: { 1: 'entries are missing, or the request was refused' },
  });
  runs(command, registry, async (context) => {
    const report = await (await context.api()).get<Completeness>('/api/v1/audit/completeness');
    if (context.asJson) context.terminal.json(report);
    else for (const line of completenessLines(report)) context.terminal.out(line);
    return report.gaps.length === 0 ? EXIT.ok : EXIT.failed;
  });
}
