import { CONNECTOR_DEFAULT, toClassification } from '#libs/classification';
import { CONNECTOR_TYPES, DOMAINS, FEATURES, type Domain } from './domains.ts';
import { actionVerdict, fieldsOf, namedActions } from './fields.ts';
import { freedom, highestLabel, strictest, type MergeRule } from './lattice.ts';
import { byPlace, referenceTo, type PlacedPolicy, type PolicyReference } from './placed.ts';

/** The value that holds for a field, and the policies it comes from; none where it is the product's default. */
export interface EffectiveField {
  value: unknown;
  from: { policyId: string; name: string; scope: PolicyReference['scope']; scopeId: string; version: string }[];
}

/** By domain and dotted field path. */
export type EffectivePolicy = Record<Domain, Record<string, EffectiveField>>;

/** One voice about one field. Without a policy it is the product's own. */
interface Statement {
  path: string;
  value: unknown;
  rule: MergeRule<unknown>;
  policy?: PlacedPolicy;
}

/**
 * What holds for one person, merged over `policies`, the active ones on that person's path (in any order).
 *
 * `from` names the policies that state the final value; where merging made a value nobody states (an intersection
 * or union of lists), everyone who took part. Named actions and classification overrides appear where any policy names
 * them; their value takes everyone's default into account, as a decision would.
 */
export function effectivePolicy(policies: readonly PlacedPolicy[]): EffectivePolicy {
  const placed = [...policies].sort(byPlace);
  return Object.fromEntries(DOMAINS.map((domain) => [domain, effectiveDomain(domain, placed)])) as EffectivePolicy;
}

function effectiveDomain(domain: Domain, placed: readonly PlacedPolicy[]): Record<string, EffectiveField> {
  const statements = new Map<string, Statement[]>();
  const spoken = STATEMENTS[domain](placed);
  for (const statement of spoken) {
    statements.set(statement.path, [...(statements.get(statement.path) ?? []), statement]);
  }
  const merged: Record<string, EffectiveField> = {};
  for (const [path, value] of Object.entries(defaultsOf(domain, spoken))) {
    if (!statements.has(path)) merged[path] = { value, from: [] };
  }
  for (const [path, voices] of statements) merged[path] = merge(voices);
  return merged;
}

function merge(voices: Statement[]): EffectiveField {
  const value = voices.map((voice) => voice.value).reduce((parent, own) => voices[0]!.rule.merge(parent, own));
  const saying = voices.filter((voice) => JSON.stringify(voice.value) === JSON.stringify(value));
  const from = (saying.length > 0 ? saying : voices).flatMap(({ policy }) => {
    if (!policy) return [];
    const { id: policyId, ...rest } = referenceTo(policy);
    return [{ policyId, ...rest }];
  });
  return { value, from };
}

/** What the policies say of each domain, with the few rules that are about the path and not about one document. */
const STATEMENTS: Record<Domain, (placed: readonly PlacedPolicy[]) => Statement[]> = {
  actions: (placed) => {
    const policies = of('actions', placed);
    const names = new Set(policies.flatMap(({ document }) => namedActions(document)));
    const named = [...names].flatMap((name) =>
      policies.flatMap((policy) => {
        const value = actionVerdict(policy.document, name);
        return value === undefined ? [] : [statement(`actions.${name}`, value, strictest, policy)];
      }),
    );
    return [...stated('actions', placed).filter(({ path }) => !path.startsWith('actions.')), ...named];
  },

  integrations: (placed) => stated('integrations', placed),

  models: (placed) => stated('models', placed),

  data: (placed) => {
    const policies = of('data', placed);
    const keys = new Set(policies.flatMap(({ document }) => Object.keys(document.classification_overrides ?? {})));
    const others = stated('data', placed).filter(({ path }) => !path.startsWith('classification_overrides.'));
    return [...others, ...[...keys].flatMap((key) => labels(key, policies))];
  },

  // Only the enterprise can turn a feature on.
  features: (placed) => {
    const off = FEATURES.filter(
      (name) => !of('features', placed).some((policy) => policy.scope === 'enterprise' && policy.document[name]),
    );
    return [...stated('features', placed), ...off.map((name) => statement(name, false, freedom))];
  },

  'agent-to-agent': (placed) => {
    const enabled = of('agent-to-agent', placed).some(({ document }) => document.enabled);
    return [...stated('agent-to-agent', placed), ...(enabled ? [] : [statement('enabled', false, freedom)])];
  },

  audit: (placed) => stated('audit', placed),
};

/** A label is the connector's default, unless the enterprise sets it (lower too); scopes below can only raise it. */
function labels(key: string, policies: PlacedPolicy<'data'>[]): Statement[] {
  const path = `classification_overrides.${key}`;
  const connector = key.split('/')[0]!;
  const spoken = policies.flatMap((policy) => {
    const overrides = policy.document.classification_overrides ?? {};
    const label = overrides[key] ?? overrides[connector];
    return label === undefined ? [] : [statement(path, label, highestLabel, policy)];
  });
  if (spoken.some(({ policy }) => policy?.scope === 'enterprise')) return spoken;
  return [statement(path, toClassification(CONNECTOR_DEFAULT[connector]), highestLabel), ...spoken];
}

/** What holds where every policy is silent. Sources: DOMAIN rules, section 2 (last column), 4 (retention), 6 (rounds). */
function defaultsOf(domain: Domain, spoken: readonly Statement[]): Record<string, unknown> {
  switch (domain) {
    case 'actions':
      return { default_autonomy: 'approve' };
    case 'integrations':
      return Object.fromEntries(CONNECTOR_TYPES.map((type) => [`connectors.${type}.enabled`, false]));
    case 'models':
      // The name of a model for sensitive data is advice, and leaves the default in place.
      return spoken.some(({ path }) => path !== 'sensitive_data_model')
        ? {}
        : { allowed_classifications: ['public', 'internal'] };
    case 'data':
      return {
        external_sharing_max: 'public',
        'retention.active_days': 90,
        'retention.archive_after_days': 30,
        'retention.purge_after_archive_days': 90,
      };
    case 'features':
      return Object.fromEntries(FEATURES.map((name) => [name, false]));
    case 'agent-to-agent':
      return { enabled: false, max_rounds: 3, cross_org: false };
    case 'audit':
      return { log_all_actions: true, retention_years: 3 };
    default:
      return domain satisfies never;
  }
}

function of<D extends Domain>(domain: D, placed: readonly PlacedPolicy[]): PlacedPolicy<D>[] {
  return placed.filter((policy): policy is PlacedPolicy<D> => policy.domain === domain);
}

function stated(domain: Domain, placed: readonly PlacedPolicy[]): Statement[] {
  return of(domain, placed).flatMap((policy) =>
    fieldsOf(domain, policy.document).map(({ path, value, rule }) => ({ path, value, rule, policy })),
  );
}

function statement<T>(path: string, value: T, rule: MergeRule<T>, policy?: PlacedPolicy): Statement {
  return { path, value, rule: rule as unknown as MergeRule<unknown>, ...(policy && { policy }) };
}
