export { ActiveModules } from './active-modules.ts';
export { compileModules, type CompiledModules, type ModuleReference, policyOfFile } from './compile.ts';
export { CONSTRAINTS, issueText, MAX_MODULE_BYTES, type ModuleIssue } from './contract.ts';
export { MODULE_LIBRARY, ModuleChecker, OpaModuleChecker } from './module-checker.ts';
export { type PlacedModule } from './placed-module.ts';
export { moduleRoot, rehouse } from './package-clause.ts';
export { testModules, type TestOutcome } from './test-modules.ts';
