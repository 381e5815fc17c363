export { PolicyModule } from './policy.module.ts';
export { Policies } from './policies.ts';
export { PolicyReader, type PolicyView } from './policy-reader.ts';
export { ModuleRechecks } from './module-rechecks.ts';
export { Propagation } from './bundles/propagation.ts';
export { PolicyEngine } from './evaluation/engine.ts';
export { type DecisionAnswer, Evaluator } from './evaluation/evaluator.ts';
export { NEW_POLICY } from './policy.schema.ts';
