export * from './opa-client.ts';
export * from './opa-config.ts';
export * from './bundle.ts';
export * from './opa-apart.ts';
export * from './bundle-signature.ts';
export * from './opa-command.ts';
export { OpaCommandMissing, type OpaRun } from './opa-run.ts';
