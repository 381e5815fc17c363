import type { Command } from 'commander';
import { type Registry, runs, teach } from '../command.ts';

export function registerToken(program: Command, registry: Registry): void {
  const command = program
    .command('token')
    .argument('<email>', 'one of the demo accounts that the start prints')
    .summary('print a token of a demo account (embedded profile)')
    .description(
      'Prints a bearer token of a demo account, valid for 12 hours, and nothing else. Embedded profile only: it is made ' +
        'from the files of the data folder, whether or not the service runs.',
    );
  teach(command, {
    examples: [
      'oce token alice@acme.test',
      'TOKEN=$(oce token alice@acme.test)',
      'export OCE_TOKEN=$(oce token admin@acme.test)   # for the oce commands that follow',
    ],
    exits: { 1: 'no such account (those there are stand on standard error), or not the embedded profile', 69: '' },
  });
  runs(command, registry, async (context, _options, [email]) => {
    const token = await context.mint(email!);
    if (context.asJson) context.terminal.json({ email, token });
    else context.terminal.out(token);
  });
}
