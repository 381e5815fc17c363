import { z } from 'zod';
import { CLASSIFICATIONS } from '#libs/classification';
import { AUTONOMY } from './autonomy.ts';
import {
  CONNECTOR_TYPES,
  EXCHANGE_TYPES,
  PERMISSIONS,
  ROLES,
  type ConnectorType,
  type Domain,
  type Feature,
} from './domains.ts';

/**
 * The shape of a rules document, one schema a domain. Every field may be left out: that is "no opinion".
 * A message completes a sentence that begins with the field's path. Source: DOMAIN rules, section 2.
 */

const MAX_NAMES = 2000;

/** Shows a value in a message: short, on one line, and never mistaken for a word of the sentence. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

const wrong = (accepted: string) => (issue: { input?: unknown }) =>
  `must be ${accepted}; ${show(issue.input)} was given`;

const oneOf = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.enum(words, { error: wrong(`one of ${words.join(', ')}`) });

const flag = z.boolean({ error: wrong('true or false') });

function whole(min: number, max: number, unit: string) {
  const error = wrong(`a whole number of ${unit} from ${min} to ${max}`);
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

function name(pattern: RegExp, accepted: string) {
  const error = wrong(accepted);
  return z.string({ error }).regex(pattern, { error });
}

function listOf<T extends z.ZodType>(item: T, what: string) {
  const error = wrong(`a list of at most ${MAX_NAMES} ${what}`);
  return z.array(item, { error }).max(MAX_NAMES, { error });
}

function mapOf<K extends z.ZodString, V extends z.ZodType>(key: K, value: V, what: string) {
  return z
    .record(key, value, { error: wrong(`a map of ${what}`) })
    .refine((map) => Object.keys(map).length <= MAX_NAMES, { error: `must hold at most ${MAX_NAMES} ${what}` });
}

/** An object of known, optional fields; an unknown one is refused together with what is accepted there. */
function fields<T extends z.ZodRawShape>(shape: T) {
  const accepted = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `is not a known field; accepted here: ${accepted}`
        : wrong(`a map with the fields ${accepted}`)(issue),
  });
}

const classification = oneOf(CLASSIFICATIONS);
const actionName = name(/^\w[\w.:/-]{0,127}$/, 'the name of an action (letters, digits and _ . : / -, at most 128)');
const provider = name(/^[A-Za-z0-9][\w.-]{0,63}$/, 'the name of a model provider (letters, digits and _ . -)');
const modelName = name(/^[A-Za-z0-9][\w.-]{0,63}\/[\w.:/-]{1,128}$/, 'a model as provider/id');
const labelled = name(
  new RegExp(`^(${CONNECTOR_TYPES.join('|')})(/[\\w.-]{1,64})?$`),
  `a connector (${CONNECTOR_TYPES.join(', ')}) or connector/resource type`,
);
const days = (max: number) => whole(1, max, 'days').optional();

const actions = fields({
  default_autonomy: oneOf(AUTONOMY).optional(),
  actions: mapOf(actionName, oneOf(AUTONOMY), 'actions with their autonomy').optional(),
  blocked: listOf(actionName, 'action names').optional(),
});

const connector = fields({
  enabled: flag.optional(),
  permissions: oneOf(PERMISSIONS).optional(),
  max_classification: classification.optional(),
}).optional();

const integrations = fields({
  connectors: fields({
    gmail: connector,
    gcal: connector,
    jira: connector,
    github: connector,
    gdrive: connector,
  } satisfies Record<ConnectorType, unknown>).optional(),
});

const models = fields({
  allowed_providers: listOf(provider, 'model providers').optional(),
  allowed_classifications: listOf(classification, 'classifications').optional(),
  max_classification: classification.optional(),
  sensitive_data_model: modelName.optional(),
});

const data = fields({
  external_sharing_max: classification.optional(),
  classification_overrides: mapOf(labelled, classification, 'connectors with their classification').optional(),
  retention: fields({
    active_days: days(90),
    archive_after_days: days(3650),
    purge_after_archive_days: days(3650),
  }).optional(),
});

const feature = flag.optional();
const features = fields({
  auto_response: feature,
  task_intelligence: feature,
  briefing_generation: feature,
  ocip_exchange: feature,
  work_tracking: feature,
  org_intelligence: feature,
  visualization: feature,
} satisfies Record<Feature, unknown>);

const agentToAgent = fields({
  enabled: flag.optional(),
  allowed_exchange_types: listOf(oneOf(EXCHANGE_TYPES), 'exchange types').optional(),
  max_classification_shared: classification.optional(),
  max_rounds: whole(1, 100, 'rounds').optional(),
  cross_org: flag.optional(),
});

const audit = fields({
  log_all_actions: flag.optional(),
  retention_years: whole(1, 100, 'years').optional(),
  export_roles: listOf(oneOf(ROLES), 'roles').optional(),
});

export const DOCUMENT_SCHEMAS = {
  actions,
  integrations,
  models,
  data,
  features,
  'agent-to-agent': agentToAgent,
  audit,
} satisfies Record<Domain, z.ZodType>;

/** The rules document of each domain, as parsed. */
export type Documents = { [D in Domain]: z.infer<(typeof DOCUMENT_SCHEMAS)[D]> };
export type PolicyDocument = Documents[Domain];
