import fc, { type Arbitrary } from 'fast-check';
import { CLASSIFICATIONS } from '#libs/classification';
import {
  AUTONOMY,
  DOMAINS,
  EXCHANGE_TYPES,
  FEATURES,
  PERMISSIONS,
  ROLES,
  type Documents,
  type Domain,
  type PlacedPolicy,
} from '../../src/policy/rules/index.ts';
import { PATH, type Case } from './opa.ts';

/** Few names, so that documents often speak of the same thing. */
export const ACTIONS = ['email_read', 'email_send', 'gdrive_read', 'tool_run'];
export const PROVIDERS = ['openai', 'other', 'self-hosted'];
export const RESOURCE_TYPES = ['page', 'sheet'];
export const OVERRIDE_KEYS = ['gmail', 'gdrive', 'gdrive/page', 'gdrive/sheet'];
const MODELS = ['self-hosted/a', 'self-hosted/b'];

const autonomy = fc.constantFrom(...AUTONOMY);
const label = fc.constantFrom(...CLASSIFICATIONS);
const some = <T>(values: readonly T[]) => fc.subarray([...values]);
const maybe = <T>(shape: { [K in keyof T]: Arbitrary<T[K]> }) => fc.record(shape, { requiredKeys: [] });

const connector = maybe({
  enabled: fc.boolean(),
  permissions: fc.constantFrom(...PERMISSIONS),
  max_classification: label,
});

/** A random document of each domain, every field present or absent. */
export const DOCUMENT: { [D in Domain]: Arbitrary<Documents[D]> } = {
  actions: maybe({
    default_autonomy: autonomy,
    actions: fc.dictionary(fc.constantFrom(...ACTIONS), autonomy, { noNullPrototype: true }),
    blocked: some(ACTIONS),
  }),
  integrations: maybe({ connectors: maybe({ gmail: connector, gdrive: connector }) }),
  models: maybe({
    allowed_providers: some(PROVIDERS),
    allowed_classifications: some(CLASSIFICATIONS),
    max_classification: label,
    sensitive_data_model: fc.constantFrom(...MODELS),
  }),
  data: maybe({
    external_sharing_max: label,
    classification_overrides: fc.dictionary(fc.constantFrom(...OVERRIDE_KEYS), label, { noNullPrototype: true }),
    retention: maybe({
      active_days: fc.integer({ min: 1, max: 90 }),
      archive_after_days: fc.integer({ min: 1, max: 5 }),
      purge_after_archive_days: fc.integer({ min: 1, max: 5 }),
    }),
  }),
  features: maybe(Object.fromEntries(FEATURES.map((name) => [name, fc.boolean()]))) as Arbitrary<Documents['features']>,
  'agent-to-agent': maybe({
    enabled: fc.boolean(),
    allowed_exchange_types: some(EXCHANGE_TYPES),
    max_classification_shared: label,
    max_rounds: fc.integer({ min: 1, max: 4 }),
    cross_org: fc.boolean(),
  }),
  audit: maybe({
    log_all_actions: fc.boolean(),
    retention_years: fc.integer({ min: 1, max: 5 }),
    export_roles: some(ROLES),
  }),
};

/** A random policy at one of the given steps of the path. */
export function policyAt(steps: readonly number[], domain: Arbitrary<Domain> = fc.constantFrom(...DOMAINS)) {
  return domain.chain((chosen) =>
    fc
      .record({ step: fc.constantFrom(...steps), document: DOCUMENT[chosen] as Arbitrary<PlacedPolicy['document']> })
      .map(({ step, document }): PlacedPolicy => {
        const { scope, id: scopeId } = PATH[step]!;
        return {
          id: `${scope}-${scopeId}-${chosen}`,
          name: chosen,
          version: '1.0.0',
          scope,
          scopeId,
          domain: chosen,
          document,
        };
      }),
  );
}

/** The same policies under ids of their own, so that two at one place stay two. */
export function numbered(policies: readonly PlacedPolicy[]): PlacedPolicy[] {
  return policies.map((policy, index) => ({ ...policy, id: `p${String(index).padStart(3, '0')}` }));
}

/** A random request that touches any mix of domains. */
export const REQUEST: Arbitrary<Case['request']> = fc
  .record({
    action: fc.constantFrom(...ACTIONS, 'never_named'),
    resource: fc.option(
      maybe({
        type: fc.constantFrom(...RESOURCE_TYPES),
        connector: fc.constantFrom('gmail', 'gdrive', 'jira'),
        classification: label,
      }),
      { nil: undefined },
    ),
    context: maybe({
      model: fc.record({ provider: fc.constantFrom(...PROVIDERS), id: fc.constant('m') }),
      destination: fc.record({ external: fc.boolean() }),
      feature: fc.constantFrom(...FEATURES),
      exchange: fc.record({
        type: fc.constantFrom(...EXCHANGE_TYPES),
        classification: label,
        round: fc.integer({ min: 1, max: 5 }),
        cross_org: fc.boolean(),
      }),
    }),
  })
  .map(({ action, resource, context }) => ({ action, context, ...(resource && { resource }) }));
