import { type Autonomy } from './autonomy.ts';
import { DOMAINS, type Domain, type Scope, SCOPES } from './domains.ts';
import { actionVerdict, namedActions } from './fields.ts';
import { byPlace, compare, type PlacedPolicy, type PolicyReference } from './placed.ts';
import { type Documents, type PolicyDocument } from './schemas.ts';

/** What an actions document says of one action: the autonomy it names, or that the action is on its blocked list. */
type NamedVerdict = Autonomy | 'blocked';

/** A policy as the base Rego reads it. */
export interface BundledPolicy {
  /** See {@link encodeReference}: one text, because each answer carries it once a voice. */
  ref: string;
  scope: Scope;
  document: PolicyDocument;
}

/** An actions document as a table, so that a verdict is one look-up however long the document is. */
export interface BundledActions {
  ref: string;
  scope: Scope;
  /** By action. */
  named: Record<string, NamedVerdict>;
  /** For every other action; null: no opinion. */
  standing: `${Autonomy} by default` | null;
  /** The list as it is given to assistants, in order; absent where the document has none. */
  blocked?: string[];
}

/** What one scope says, by domain. */
export type BundledScope = { actions?: BundledActions[] } & {
  [D in Exclude<Domain, 'actions'>]?: BundledPolicy[];
};

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
  const scopes = new Map<string, Map<Domain, (BundledPolicy | BundledActions)[]>>();
  for (const policy of [...policies].sort(byPlace)) {
    const key = `${policy.scope}:${policy.scopeId}`;
    const domains = scopes.get(key) ?? new Map<Domain, (BundledPolicy | BundledActions)[]>();
    scopes.set(key, domains);
    const bundled = domains.get(policy.domain) ?? [];
    domains.set(policy.domain, bundled);
    bundled.push(bundledPolicy(policy));
  }
  const keys = [...scopes.keys()].sort(compare);
  return { revision, scopes: Object.fromEntries(keys.map((key) => [key, inOrder(scopes.get(key)!)])) };
}

/** A policy's reference as one text; {@link decodeReference} reads it back. */
export function encodeReference({ id, name, scope, scopeId, version }: PolicyReference): string {
  return JSON.stringify([id, name, scope, scopeId, version]);
}

/** @throws SyntaxError where the text is no reference */
export function decodeReference(text: string): PolicyReference {
  const parts: unknown = JSON.parse(text);
  const texts = Array.isArray(parts) && parts.length === 5 && parts.every((part) => typeof part === 'string');
  if (!texts || !SCOPES.includes(parts[2] as Scope)) {
    throw new SyntaxError('this is no reference to a policy');
  }
  const [id, name, scope, scopeId, version] = parts as [string, string, Scope, string, string];
  return { id, name, scope, scopeId, version };
}

function bundledPolicy(policy: PlacedPolicy): BundledPolicy | BundledActions {
  const placed = { ref: encodeReference(policy), scope: policy.scope };
  return isOnActions(policy)
    ? { ...placed, ...actionTable(policy.document) }
    : { ...placed, document: normal(policy.document) };
}

function isOnActions(policy: PlacedPolicy): policy is PlacedPolicy<'actions'> {
  return policy.domain === 'actions';
}

function actionTable(document: Documents['actions']): Omit<BundledActions, 'ref' | 'scope'> {
  const names = [...new Set(namedActions(document))].sort(compare);
  const blocked = new Set(document.blocked);
  return {
    named: Object.fromEntries(
      names.map((name) => [name, blocked.has(name) ? 'blocked' : actionVerdict(document, name)!]),
    ),
    standing: document.default_autonomy ? `${document.default_autonomy} by default` : null,
    ...(document.blocked ? { blocked: [...blocked].sort(compare) } : {}),
  };
}

function inOrder(domains: Map<Domain, (BundledPolicy | BundledActions)[]>): BundledScope {
  return Object.fromEntries(DOMAINS.filter((domain) => domains.has(domain)).map((d) => [d, domains.get(d)!]));
}

/** Keys and lists in code unit order all the way down, each thing in a list once: no list of a document has an order. */
function normal<T>(value: T): T {
  if (Array.isArray(value)) return [...new Set(value as unknown[] as string[])].sort(compare) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => compare(a, b));
  return Object.fromEntries(entries.map(([key, inner]) => [key, normal(inner)])) as T;
}
