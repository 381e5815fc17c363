import type { PlacedPolicy } from '../rules/index.ts';

/** An active Rego module at its place in the hierarchy. */
export type PlacedModule = Omit<PlacedPolicy, 'document'> & { readonly rego: string };
