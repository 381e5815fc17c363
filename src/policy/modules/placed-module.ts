import type { PlacedPolicy } from '../rules/index.ts';

/** An active Rego module at its place in the hierarchy. */
export type PlacedModule = Omit<PlacedPolicy, 'document'> & {
  readonly rego: string;
  /** Why it may not be loaded: it no longer passes the check. Whatever it would have a say in is denied. */
  readonly fault?: string | undefined;
};
