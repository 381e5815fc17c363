import { type Autonomy } from './autonomy.ts';
import { CONNECTOR_TYPES, FEATURES, type Domain } from './domains.ts';
import * as lattice from './lattice.ts';
import { type MergeRule } from './lattice.ts';
import { type Documents } from './schemas.ts';

/** One thing a document says. */
export interface Field {
  /** Dotted, as in the document: `actions.email_send`, `connectors.gmail.permissions`. */
  path: string;
  value: unknown;
  rule: MergeRule<unknown>;
  /** True where the document does not write the field but says it by what it does write. */
  implied: boolean;
}

/** Every field a document states or implies, in a fixed order. */
export function fieldsOf<D extends Domain>(domain: D, document: Documents[D]): Field[] {
  return FIELDS[domain](document);
}

/** What the document itself would say of one action; `undefined` where it has no opinion. */
export function actionVerdict(document: Documents['actions'], action: string): Autonomy | undefined {
  if (document.blocked?.includes(action)) return 'block';
  const named = document.actions;
  return named && Object.hasOwn(named, action) ? named[action] : document.default_autonomy;
}

/** The names a document speaks of one by one. */
export function namedActions(document: Documents['actions']): string[] {
  return [...Object.keys(document.actions ?? {}), ...(document.blocked ?? [])];
}

const FIELDS: { [D in Domain]: (document: Documents[D]) => Field[] } = {
  actions: (document) => [
    ...field('default_autonomy', document.default_autonomy, lattice.strictest),
    // A name that is both listed and blocked is blocked: the document's own verdict is what counts.
    ...Object.keys(document.actions ?? {}).flatMap((name) =>
      field(`actions.${name}`, actionVerdict(document, name), lattice.strictest),
    ),
    ...field('blocked', document.blocked, lattice.blocked),
  ],

  // A connector that is listed is enabled, and readable, unless the document says otherwise.
  integrations: (document) =>
    CONNECTOR_TYPES.flatMap((type) => {
      const connector = document.connectors?.[type];
      if (!connector) return [];
      return [
        ...field(`connectors.${type}.enabled`, connector.enabled, lattice.freedom, true),
        ...field(`connectors.${type}.permissions`, connector.permissions, lattice.leastAccess, 'read'),
        ...field(`connectors.${type}.max_classification`, connector.max_classification, lattice.lowestLabel),
      ];
    }),

  models: (document) => [
    ...field('allowed_providers', document.allowed_providers, lattice.allowed),
    ...field('allowed_classifications', document.allowed_classifications, lattice.allowed),
    ...field('max_classification', document.max_classification, lattice.lowestLabel),
    ...field('sensitive_data_model', document.sensitive_data_model, lattice.pinned),
  ],

  data: (document) => [
    ...field('external_sharing_max', document.external_sharing_max, lattice.lowestLabel),
    ...Object.entries(document.classification_overrides ?? {}).flatMap(([key, label]) =>
      field(`classification_overrides.${key}`, label, lattice.highestLabel),
    ),
    ...field('retention.active_days', document.retention?.active_days, lattice.atMost),
    ...field('retention.archive_after_days', document.retention?.archive_after_days, lattice.atMost),
    ...field('retention.purge_after_archive_days', document.retention?.purge_after_archive_days, lattice.atMost),
  ],

  features: (document) => FEATURES.flatMap((name) => field(name, document[name], lattice.freedom)),

  // Who enables exchanges does so inside the org, unless the document opens the org boundary too.
  'agent-to-agent': (document) => [
    ...field('enabled', document.enabled, lattice.freedom),
    ...field('allowed_exchange_types', document.allowed_exchange_types, lattice.allowed),
    ...field('max_classification_shared', document.max_classification_shared, lattice.lowestLabel),
    ...field('max_rounds', document.max_rounds, lattice.atMost),
    ...field('cross_org', document.cross_org, lattice.freedom, document.enabled === true ? false : undefined),
  ],

  audit: (document) => [
    ...field('log_all_actions', document.log_all_actions, lattice.duty),
    ...field('retention_years', document.retention_years, lattice.atLeast),
    ...field('export_roles', document.export_roles, lattice.allowed),
  ],
};

/** A field if it is stated or implied, nothing if the document is silent. */
function field<T>(path: string, stated: T | undefined, rule: MergeRule<T>, ifSilent?: T): Field[] {
  const value = stated ?? ifSilent;
  if (value === undefined) return [];
  // The rule is only ever given values of the same path, which have one type.
  return [{ path, value, rule: rule as unknown as MergeRule<unknown>, implied: stated === undefined }];
}
