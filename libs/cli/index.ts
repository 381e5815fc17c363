/** The command line `oce`. */
export { type CliOptions, runCli } from './run.ts';
export { type Environment, type Parts } from './context.ts';
export { type PolicyRules } from './policy-files/rules.ts';
export { type PolicyModules } from './policy-files/modules.ts';
