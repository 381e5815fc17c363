import { SCOPES, type Domain, type Scope } from './domains.ts';
import { type Documents } from './schemas.ts';

/** An active rules document at its place in the hierarchy: what the rules here and the base Rego reason about. */
export interface PlacedPolicy<D extends Domain = Domain> {
  id: string;
  name: string;
  /** Semantic version. */
  version: string;
  scope: Scope;
  /** Id of the tenant, org, team or user. */
  scopeId: string;
  domain: D;
  document: Documents[D];
}

/** Enough of a policy to point at it. */
export type PolicyReference = Pick<PlacedPolicy, 'id' | 'name' | 'scope' | 'scopeId' | 'version'>;

export function referenceTo({ id, name, scope, scopeId, version }: PlacedPolicy): PolicyReference {
  return { id, name, scope, scopeId, version };
}

type Place = Pick<PlacedPolicy, 'scope' | 'scopeId' | 'id'>;

/** Widest scope first; inside a scope by id of scope and policy, so that the order never depends on storage. */
export function byPlace(a: Place, b: Place): number {
  return SCOPES.indexOf(a.scope) - SCOPES.indexOf(b.scope) || compare(a.scopeId, b.scopeId) || compare(a.id, b.id);
}

/** Code unit order, as it is the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
