import type { Command } from 'commander';
import { Context, type GlobalOptions, type World } from './context.ts';
import { EXIT } from './errors.ts';

/** Does the work of a command and says with which code the process ends; none is 0. */
export type Work<O> = (context: Context, options: O, args: string[]) => Promise<number | void>;

/** Where commands register: what they need, and where their exit code goes. */
export interface Registry {
  readonly world: World;
  finish(code: number): void;
}

/** Lets a command run its work with a context of its own, which is closed afterwards. */
export function runs<O extends object>(command: Command, registry: Registry, work: Work<O>): Command {
  return command.action(async () => {
    const context = new Context(registry.world, command.optsWithGlobals<GlobalOptions>());
    try {
      registry.finish((await work(context, command.opts<O>(), command.args)) ?? EXIT.ok);
    } finally {
      await context.close();
    }
  });
}

/** What stands below the options in a command's help. */
export function teach(
  command: Command,
  { examples, exits = {} }: { examples: readonly string[]; exits?: Readonly<Record<number, string>> },
): Command {
  const codes: Record<number, string> = {
    [EXIT.ok]: 'well',
    [EXIT.failed]: 'failed or refused',
    [EXIT.usage]: 'wrong usage',
    [EXIT.unreachable]: 'the service cannot be reached',
    ...exits,
  };
  const lines = [
    '',
    'Examples:',
    ...examples.map((example) => `  ${example}`),
    '',
    'Exit codes:',
    ...Object.entries(codes).flatMap(([code, meaning]) => (meaning ? [`  ${code.padStart(2)}  ${meaning}`] : [])),
  ];
  return command.addHelpText('after', lines.join('\n'));
}
