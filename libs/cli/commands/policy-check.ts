import type { Command } from 'commander';
import { type Registry, runs, teach } from '../command.ts';
import { EXIT, usage } from '../errors.ts';
import { wideningIn } from '../policy-files/hierarchy.ts';
import { moduleProblems } from '../policy-files/modules.ts';
import { problemLine } from '../policy-files/problems.ts';
import { readPolicyFiles } from '../policy-files/read.ts';

interface CheckOptions {
  readonly domain?: string;
  readonly hierarchy: boolean;
}

export function registerCheck(group: Command, registry: Registry): void {
  const command = group
    .command('check')
    .argument('<file...>', 'YAML or JSON files, several documents a file are fine; Rego modules (.rego)')
    .summary('check policy files, without a service')
    .description(
      'Checks policy files with the rules that the service goes by: PolicyBundles, single policies, and rules documents ' +
        'alone, and Rego modules. Where the files hold policies of wider and narrower scopes, the narrower ones may not be wider. ' +
        'Problems are printed as "file:line: path: message".',
    )
    .option(
      '--domain <domain>',
      'the domain of rules documents and modules that stand alone (default: by file name or content; actions for modules)',
    )
    .option('--no-hierarchy', 'do not compare scopes with each other; the service will');
  teach(command, {
    examples: [
      'oce policy check policies/acme.yaml',
      'oce policy check policies/*.yaml && oce policy apply policies/*.yaml --reason "Quarterly review"',
      'oce policy check --domain actions rules.yaml',
      'oce policy check policies/examples/amount-limit.rego',
    ],
    exits: { 1: 'there are problems', 69: '' },
  });
  runs<CheckOptions>(command, registry, async (context, options, files) => {
    const { terminal } = context;
    const rules = await context.world.parts.rules();
    if (options.domain !== undefined && !rules.domains.includes(options.domain)) {
      throw usage(`--domain must be one of ${rules.domains.join(', ')}; "${options.domain}" was given`);
    }
    const read = await readPolicyFiles(files, { rules, domain: options.domain });
    const modules = [...read.bareModules, ...read.entries.flatMap(({ module }) => module ?? [])];
    const faults = modules.length > 0 ? await moduleProblems(modules, await context.modules()) : [];
    const problems = [...read.problems, ...faults, ...(options.hierarchy ? wideningIn(read.entries, rules) : [])];
    const checked = read.entries.length + read.bare;
    if (context.asJson) terminal.json({ ok: problems.length === 0, checked, problems });
    else if (problems.length === 0) {
      terminal.out(
        `${terminal.style('green', '✓')} ${checked} ${checked === 1 ? 'policy is' : 'policies are'} well formed`,
      );
    } else {
      for (const problem of problems) terminal.out(problemLine(problem));
      terminal.err(
        `${terminal.styleErr('red', '✗')} ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`,
      );
    }
    return problems.length === 0 ? EXIT.ok : EXIT.failed;
  });
}
