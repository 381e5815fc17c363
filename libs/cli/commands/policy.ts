import type { Command } from 'commander';
import type { Registry } from '../command.ts';
import { registerApply } from './policy-apply.ts';
import { registerCheck } from './policy-check.ts';
import { registerEffective } from './policy-effective.ts';
import { registerTest } from './policy-test.ts';
import { registerList } from './policy-list.ts';
import { registerSimulate } from './policy-simulate.ts';

export function registerPolicy(program: Command, registry: Registry): void {
  const group = program
    .command('policy')
    .summary('check, test, try, apply and look at policies')
    .description(
      'Checks and tests policy files locally, tries them against what happened, brings them to the service, and shows ' +
        'what decides there.',
    );
  registerCheck(group, registry);
  registerTest(group, registry);
  registerSimulate(group, registry);
  registerApply(group, registry);
  registerList(group, registry);
  registerEffective(group, registry);
}
