import type { PolicyModules } from '#libs/cli';
import { OpaCommand } from '#libs/opa';
import { OpaModuleChecker } from './policy/modules/module-checker.ts';
import { testModules } from './policy/modules/test-modules.ts';
import type { Domain } from './policy/rules/index.ts';

/** The checks of Rego modules as the command line takes them, with this OPA program. */
export function policyModules(opa: string): PolicyModules {
  // Beside this file, wherever the command is run from.
  const library = import.meta.dirname.endsWith('dist/src')
    ? `${import.meta.dirname}/../../policies/base/lib`
    : `${import.meta.dirname}/../policies/base/lib`;
  const command = new OpaCommand(opa);
  const checker = new OpaModuleChecker(command, library);
  return {
    check: (domain, source) => checker.check(domain as Domain, source),
    test: (files) => testModules(command, files, library),
  };
}
