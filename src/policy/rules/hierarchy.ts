import { CLASSIFICATIONS, type Classification, isAbove } from '#libs/classification';
import { type Domain } from './domains.ts';
import { actionVerdict, fieldsOf, type Field } from './fields.ts';
import { byPlace, referenceTo, type PlacedPolicy, type PolicyReference } from './placed.ts';
import { type Documents } from './schemas.ts';

/** A field that asks for more than a policy above allows. The four parts of a `POLICY_HIERARCHY_VIOLATION`. */
export interface Violation {
  field: string;
  parentPolicy: PolicyReference;
  /** What the policy above says of this field; its default where it says nothing more precise. */
  parentValue: unknown;
  value: unknown;
}

/**
 * The fields of a new document that try to be wider than a policy above it; empty where it may be written.
 *
 * `ancestors` are the active policies at strictly wider scopes on the path; those of another domain are passed over.
 * A field is wider where the document alone would say something less restrictive about what the field governs than an
 * ancestor alone. An ancestor that is silent about it sets no bound. Each field is compared with its counterpart:
 *
 * - a named action with what the ancestor says of that action (blocked, named, else its default); the default
 *   with the default, because names the ancestor lists keep their own verdict whatever the default below says;
 * - a classification override of `connector/type` with the ancestor's for that type, else for the connector;
 * - a classification let through to models with the ancestor's list and maximum together, as either one excludes it;
 * - a connector's `enabled` and `permissions` with the ancestor's, or with what listing the connector implies.
 *
 * One violation a field, against the strictest ancestor: mending it mends the field.
 * This is the courtesy of an early answer. What guards the hierarchy is the base Rego, where a wider document has no effect.
 */
export function findWidening<D extends Domain>(
  domain: D,
  document: Documents[D],
  ancestors: readonly PlacedPolicy[],
): Violation[] {
  const above = ancestors.filter((policy): policy is PlacedPolicy<D> => policy.domain === domain).sort(byPlace);
  return fieldsOf(domain, document)
    .filter((field) => !field.implied)
    .flatMap((field) => strictestViolation(domain, document, field, above) ?? []);
}

function strictestViolation<D extends Domain>(
  domain: D,
  document: Documents[D],
  field: Field,
  above: readonly PlacedPolicy<D>[],
): Violation | undefined {
  let found: Violation | undefined;
  for (const policy of above) {
    const pair = { domain, own: document, parent: policy.document } as Pair;
    const parentValue = counterpart(pair, field);
    if (parentValue === undefined || !isWider(pair, field, parentValue)) continue;
    if (found && !field.rule.isWider(found.parentValue, parentValue)) continue;
    found = { field: field.path, parentPolicy: referenceTo(policy), parentValue, value: field.value };
  }
  return found;
}

/** The documents of one domain, side by side, so that the compiler knows which domain it is. */
type Pair = { [D in Domain]: { domain: D; own: Documents[D]; parent: Documents[D] } }[Domain];

function isWider(pair: Pair, field: Field, parentValue: unknown): boolean {
  const labels = pair.domain === 'models' ? labelsNamedBy(field) : undefined;
  if (pair.domain === 'models' && labels) {
    return labels.some((label) => lets(pair.own, label) && !lets(pair.parent, label));
  }
  return field.rule.isWider(field.value, parentValue);
}

/** What the parent says about the thing this field governs; `undefined` where it has no opinion. */
function counterpart(pair: Pair, field: Field): unknown {
  const fields = fieldsOf(pair.domain, pair.parent);
  const at = (path: string) => fields.find((other) => other.path === path)?.value;
  if (pair.domain === 'actions' && field.path.startsWith('actions.')) {
    return actionVerdict(pair.parent, field.path.slice('actions.'.length));
  }
  if (pair.domain === 'data' && field.path.startsWith('classification_overrides.')) {
    return at(field.path) ?? at(field.path.split('/')[0]!);
  }
  if (pair.domain === 'models' && labelsNamedBy(field)) return labelsBound(pair.parent, field.path);
  return at(field.path);
}

/** The classifications a field of `models` names one by one. */
function labelsNamedBy({ path, value }: Field): Classification[] | undefined {
  if (path === 'max_classification') return [value as Classification];
  return path === 'allowed_classifications' ? (value as Classification[]) : undefined;
}

/** The bound to show for a field of `models`: its list and maximum together, as one label where that says it all. */
function labelsBound(document: Documents['models'], path: string): unknown {
  const passing = CLASSIFICATIONS.filter((label) => lets(document, label));
  if (passing.length === CLASSIFICATIONS.length) return undefined;
  const highest = passing.at(-1);
  const hasGap = highest === undefined || CLASSIFICATIONS.indexOf(highest) >= passing.length;
  return path === 'allowed_classifications' || hasGap ? passing : highest;
}

function lets({ allowed_classifications: list, max_classification: max }: Documents['models'], label: Classification) {
  return (list === undefined || list.includes(label)) && (max === undefined || !isAbove(label, max));
}
