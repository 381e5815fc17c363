import { DOMAINS, type Domain } from './domains.ts';
import { byPlace, compare, type PlacedPolicy, type PolicyReference } from './placed.ts';
import { type PolicyDocument } from './schemas.ts';

export type BundledPolicy = PolicyReference & { document: PolicyDocument };

/** What the base Rego finds at `data.openclaw.tenants[<tenant>]`. */
export interface TenantData {
  revision: string;
  /** Keyed `<scope>:<scopeId>`: a decision reads only the keys on its subject's path. */
  scopes: Record<string, Partial<Record<Domain, BundledPolicy[]>>>;
}

/**
 * Compiles the active policies of one tenant into the data of its bundle.
 * The same policies give the same bytes once serialised, in whatever order they come: an unchanged tenant keeps its ETag.
 */
export function compileTenant(policies: readonly PlacedPolicy[], revision: string): TenantData {
  const scopes = new Map<string, Map<Domain, BundledPolicy[]>>();
  for (const policy of [...policies].sort(byPlace)) {
    const key = `${policy.scope}:${policy.scopeId}`;
    const domains = scopes.get(key) ?? new Map<Domain, BundledPolicy[]>();
    scopes.set(key, domains);
    const bundled = domains.get(policy.domain) ?? [];
    domains.set(policy.domain, bundled);
    bundled.push(bundledPolicy(policy));
  }
  const keys = [...scopes.keys()].sort(compare);
  return { revision, scopes: Object.fromEntries(keys.map((key) => [key, inOrder(scopes.get(key)!)])) };
}

function bundledPolicy({ id, name, version, scope, scopeId, document }: PlacedPolicy): BundledPolicy {
  return { id, name, version, scope, scopeId, document: sorted(document) };
}

function inOrder(domains: Map<Domain, BundledPolicy[]>): Partial<Record<Domain, BundledPolicy[]>> {
  return Object.fromEntries(DOMAINS.filter((domain) => domains.has(domain)).map((d) => [d, domains.get(d)!]));
}

/** Keys in code unit order all the way down; lists keep theirs. */
function sorted<T>(value: T): T {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => compare(a, b));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)])) as T;
}
