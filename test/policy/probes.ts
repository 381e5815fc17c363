import { CLASSIFICATIONS } from '#libs/classification';
import {
  AUTONOMY,
  EXCHANGE_TYPES,
  type Documents,
  type Domain,
  type PlacedPolicy,
} from '../../src/policy/rules/index.ts';
import { PROVIDERS } from './arbitraries.ts';
import { type Answer, type Case } from './opa.ts';

/**
 * How to find out, from OPA alone, whether one field of a document asks for more than an ancestor allows.
 *
 * Both documents are reduced to what the field is about, and each is put alone at the enterprise, where a document's
 * opinion is heard in full. The field is wider where some request that exercises it gets a less restrictive verdict
 * (for classification overrides: a lower label) from the document than from an ancestor that has an opinion.
 * Fields that give no verdict, or not for every value, are read from the merged constraints: wider where what holds is not what was asked for.
 */
export interface Probe {
  cases: Case[];
  isWider: (answers: Answer[]) => boolean;
}

type Request = Case['request'];
type Reduce<D extends Domain> = (document: Documents[D]) => Documents[D];

export function probe(domain: Domain, field: string, own: PlacedPolicy, parent: PlacedPolicy): Probe {
  const ask = PROBES[domain] as (field: string, own: PlacedPolicy, parent: PlacedPolicy) => Probe;
  return ask(field, own, parent);
}

const labelled = (action: string, context?: Record<string, unknown>): Request[] =>
  CLASSIFICATIONS.map((classification) => ({ action, resource: { classification }, ...(context && { context }) }));

const PROBES: { [D in Domain]: (field: string, own: PlacedPolicy<D>, parent: PlacedPolicy<D>) => Probe } = {
  actions: (field, own, parent) => {
    const names = field === 'blocked' ? (own.document.blocked ?? []) : [field.replace(/^actions\./, '')];
    const requests = names.map((action) => ({ action: action === 'default_autonomy' ? 'never_named' : action }));
    return verdicts(own, parent, requests);
  },

  integrations: (field, own, parent) => {
    const [, type, name] = field.split('.') as [string, 'gmail' | 'gdrive', 'enabled'];
    // What `admin` gives beyond `write` is for the connector to say, so verdicts alone cannot tell them apart.
    if (field.endsWith('.permissions')) return constraint(field, own, parent, { resource: { connector: type } });
    const prefix = type === 'gmail' ? 'email' : 'gdrive';
    const only: Reduce<'integrations'> = ({ connectors }) => {
      const entry = connectors?.[type];
      return entry ? { connectors: { [type]: entry[name] === undefined ? {} : { [name]: entry[name] } } } : {};
    };
    return verdicts(own, parent, [...labelled(`${prefix}_read`), ...labelled(`${prefix}_send`)], only);
  },

  models: (field, own, parent) => {
    if (field === 'sensitive_data_model')
      return constraint(field, own, parent, { context: { model: { provider: 'other', id: 'm' } } });
    if (field === 'allowed_providers') {
      const requests = PROVIDERS.map((provider) => ({
        action: 'x',
        resource: { classification: 'public' },
        context: { model: { provider, id: 'm' } },
      }));
      return verdicts(own, parent, requests, ({ allowed_providers }) => defined({ allowed_providers }));
    }
    const { allowed_classifications: list = [], max_classification: max } = own.document;
    const named: unknown[] = field === 'max_classification' ? [max] : list;
    return verdicts(
      own,
      parent,
      labelled('x', { model: { provider: 'self-hosted', id: 'm' } }).filter((request) =>
        named.includes(request.resource?.classification),
      ),
      ({ allowed_classifications, max_classification }) => defined({ allowed_classifications, max_classification }),
    );
  },

  data: (field, own, parent) => {
    const outside = { destination: { external: true } };
    if (field.startsWith('retention.')) return constraint(field, own, parent, { context: outside });
    if (field.startsWith('classification_overrides.')) {
      return overrides(field.slice('classification_overrides.'.length), own, parent);
    }
    const only: Reduce<'data'> = ({ external_sharing_max }) => defined({ external_sharing_max });
    return verdicts(own, parent, labelled('x', outside), only);
  },

  features: (field, own, parent) => verdicts(own, parent, [{ action: 'x', context: { feature: field } }]),

  'agent-to-agent': (field, own, parent) => {
    const exchange = { type: 'information_query', classification: 'public', round: 1, cross_org: false };
    const asks: Record<string, Record<string, unknown>[]> = {
      enabled: [{}],
      allowed_exchange_types: EXCHANGE_TYPES.map((type) => ({ type })),
      max_classification_shared: CLASSIFICATIONS.map((classification) => ({ classification })),
      max_rounds: [1, 2, 3, 4, 5].map((round) => ({ round })),
      cross_org: [{ cross_org: true }],
    };
    const requests = asks[field]!.map((ask) => ({ action: 'x', context: { exchange: { ...exchange, ...ask } } }));
    const only: Reduce<'agent-to-agent'> = (document) => {
      const value = document[field as 'enabled'];
      if (field === 'enabled') return value === undefined ? {} : { enabled: value };
      if (field === 'cross_org' && value === undefined) return document.enabled ? { enabled: true } : {};
      return { enabled: true, ...defined({ [field]: value }) };
    };
    return verdicts(own, parent, requests, only);
  },

  audit: (field, own, parent) => constraint(field, own, parent, {}),
};

/** Compares the verdicts of the domain, document by document and request by request. */
function verdicts<D extends Domain>(
  own: PlacedPolicy<D>,
  parent: PlacedPolicy<D>,
  requests: Request[],
  reduce: Reduce<D> = (document) => document,
): Probe {
  const alone = (policy: PlacedPolicy<D>) => [{ ...policy, scope: 'enterprise', document: reduce(policy.document) }];
  const ask = (policy: PlacedPolicy<D>) =>
    requests.map((request) => ({ policies: alone(policy) as PlacedPolicy[], request }));
  return {
    cases: [...ask(own), ...ask(parent)],
    isWider: (answers) =>
      requests.some((_request, index) => {
        const [said, above] = [answers[index]!, answers[requests.length + index]!].map((answer) =>
          answer.domains.find((account) => account.domain === own.domain)!,
        );
        return !above!.default && AUTONOMY.indexOf(said!.autonomy) < AUTONOMY.indexOf(above!.autonomy);
      }),
  };
}

/** Compares the labels two documents give. A document has an opinion where the label found on the thing is no matter. */
function overrides(key: string, own: PlacedPolicy<'data'>, parent: PlacedPolicy<'data'>): Probe {
  const [connector, type = 'neither_page_nor_sheet'] = key.split('/');
  const found = (classification: string) => ({ action: 'x', resource: { connector, type, classification } });
  const ask = (policy: PlacedPolicy<'data'>) =>
    ['public', 'restricted'].map((label) => ({
      policies: [{ ...policy, scope: 'enterprise' as const }],
      request: found(label),
    }));
  return {
    cases: [...ask(own), ...ask(parent)],
    isWider: (answers) => {
      const [said, , above, check] = answers.map((answer) => CLASSIFICATIONS.indexOf(answer.classification as never));
      return above === check && said! < above!;
    },
  };
}

/** Merges both and looks whether the document got what it asked for. */
function constraint(field: string, own: PlacedPolicy, parent: PlacedPolicy, asked: Partial<Request>): Probe {
  const policies: PlacedPolicy[] = [
    { ...parent, scope: 'enterprise' },
    { ...own, scope: 'org', scopeId: 'eng' },
  ];
  return {
    cases: [{ policies, request: { action: 'x', ...asked } }],
    isWider: ([answer]) => asSet(at(answer!.constraints[own.domain], field)) !== asSet(at(own.document, field)),
  };
}

/** The value at a dotted path. */
export function at(from: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], from);
}

function asSet(value: unknown): string {
  return JSON.stringify(Array.isArray(value) ? [...new Set(value)].sort() : value);
}

function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
