import { Command } from 'commander';
import type { Registry } from './command.ts';
import { registerApprovals } from './commands/approvals.ts';
import { registerAudit } from './commands/audit.ts';
import { registerBriefing } from './commands/briefing.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerEvaluate } from './commands/evaluate.ts';
import { registerExchanges } from './commands/exchanges.ts';
import { registerExplain } from './commands/explain.ts';
import { registerPolicy } from './commands/policy.ts';
import { registerStatus } from './commands/status.ts';
import { registerToken } from './commands/token.ts';

export const FIRST_STEPS = `oce: the command line of OpenClaw Enterprise

First steps:
  npm start                                              start the service (another terminal)
  npx oce doctor                                         is everything well, and how to mend what is not
  npx oce evaluate email_send --as alice@acme.test       may Alice's assistant send mail?
  npx oce explain <decision id> --as alice@acme.test     why it was decided so
  npx oce briefing --as alice@acme.test                  Alice's day, ranked and planned
  npx oce approvals --as alice@acme.test                 what waits for Alice's yes or no
  npx oce policy list --as admin@acme.test               the policies that decide
  npx oce policy check my-policy.yaml                    check a policy before anybody sees it
  npx oce audit tail --follow --as admin@acme.test       watch what is recorded

All commands: npx oce --help · one of them: npx oce <command> --help`;

const AFTER = `
Who is asking:
  --as <email> makes a token of a demo account (embedded profile). Elsewhere give a token of your identity provider, or
  an agent token, with --token or OCE_TOKEN.

Examples:
  oce                                                first steps
  npx oce doctor
  export OCE_TOKEN=$(oce token admin@acme.test)
  npx oce policy apply policies/*.yaml --reason "Quarterly review"
  npx oce audit export --format csv --output audit.csv --from 2026-01-01T00:00:00Z

Environment:
  OCE_URL, OCE_TOKEN, PORT, OPENCLAW_DATA_DIR, OPENCLAW_PROFILE, NO_COLOR

Exit codes:
   0  well
   1  what was asked for failed or was refused
   2  wrong usage
   3  evaluate: a person must approve
   4  evaluate: denied
  69  the service cannot be reached`;

/** The whole command line. Its commands do nothing by themselves: errors come out of `parseAsync`. */
export function buildProgram(registry: Registry): Command {
  const { terminal } = registry.world;
  const program = new Command('oce')
    .description('The command line of OpenClaw Enterprise: policy, audit and health of the control plane.')
    .option('--url <url>', 'where the service runs (OCE_URL; default http://127.0.0.1:<PORT>, and 3000)')
    .option('--token <token>', 'bearer token of a person or an assistant (OCE_TOKEN)')
    .option('--as <email>', 'embedded profile: ask as this demo account')
    .option('--data-dir <folder>', 'embedded profile: its data folder (OPENCLAW_DATA_DIR; default .openclaw)')
    .option('--json', 'one JSON document on standard output; errors as a problem document on standard error')
    .addHelpText('after', AFTER);
  inherited(program, terminal);
  registerToken(program, registry);
  registerDoctor(program, registry);
  registerStatus(program, registry);
  registerEvaluate(program, registry);
  registerExplain(program, registry);
  registerBriefing(program, registry);
  registerApprovals(program, registry);
  registerExchanges(program, registry);
  registerPolicy(program, registry);
  registerAudit(program, registry);
  return program;
}

/** Settings that commander hands down to each command made from this one. */
function inherited(program: Command, terminal: Registry['world']['terminal']): void {
  program
    .exitOverride()
    .allowExcessArguments(false)
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      // What is wrong with the line is told by whoever runs the program, as text or as JSON.
      writeErr: () => undefined,
      getOutHelpWidth: () => terminal.width ?? 120,
      getErrHelpWidth: () => terminal.width ?? 120,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}
