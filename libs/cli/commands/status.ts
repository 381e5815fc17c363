import type { Command } from 'commander';
import { type Registry, runs, teach } from '../command.ts';
import { EXIT } from '../errors.ts';
import { type ServiceStatus, statusLines } from '../format/status.ts';

export function registerStatus(program: Command, registry: Registry): void {
  const command = program
    .command('status')
    .summary('each component of the running service')
    .description('Shows each component of the running service, with what is wrong where something is.');
  teach(command, {
    examples: ['oce status --as admin@acme.test', 'oce status --json | jq .components'],
    exits: { 1: 'a component is not well, or the request was refused' },
  });
  runs(command, registry, async (context) => {
    const status = await (await context.api()).get<ServiceStatus>('/api/v1/status');
    const { terminal } = context;
    if (context.asJson) terminal.json(status);
    else for (const line of statusLines(status, (style, text) => terminal.style(style, text))) terminal.out(line);
    return status.status === 'ok' ? EXIT.ok : EXIT.failed;
  });
}
