import { byPlace, compare, type PlacedPolicy } from './placed.ts';
import { type BundledScope, compileScope } from './scope.ts';

/** What the base Rego finds at `data.openclaw.tenants[<tenant>][<bundle>]`. */
export interface TenantData {
  revision: number;
  /** Keyed `<scope>:<scopeId>`: a decision reads only the keys on its subject's path. */
  scopes: Record<string, BundledScope>;
}

/**
 * Compiles the active policies of one bundle of a tenant into its data.
 * The same policies give the same bytes once serialised, in whatever order they come: an unchanged tenant keeps its ETag.
 */
export function compileTenant(policies: readonly PlacedPolicy[], revision: number): TenantData {
  const scopes = new Map<string, PlacedPolicy[]>();
  for (const policy of [...policies].sort(byPlace)) {
    const key = `${policy.scope}:${policy.scopeId}`;
    const own = scopes.get(key);
    if (own) own.push(policy);
    else scopes.set(key, [policy]);
  }
  const keys = [...scopes.keys()].sort(compare);
  return { revision, scopes: Object.fromEntries(keys.map((key) => [key, compileScope(scopes.get(key)!)])) };
}
