import { CLASSIFICATIONS, type Classification, isAbove } from '#libs/classification';
import { AUTONOMY } from './autonomy.ts';
import { CONNECTOR_TYPES, type Domain, FEATURES } from './domains.ts';
import { actionVerdict, fieldsOf, namedActions } from './fields.ts';
import { compare, type PlacedPolicy } from './placed.ts';
import { encodeReferences, encodeVoices, type Voice } from './references.ts';
import { type Documents } from './schemas.ts';

/**
 * What one scope says, as the base Rego looks it up: whatever of its policies does not hang on the request is worked out
 * here, so that a decision costs the same however many there are. The files of `policies/base` say what each part means.
 *
 * Its size grows with the policies and their length and never faster: where two lists would multiply, Rego joins them.
 */
export type BundledScope = { [T in keyof Tables]?: [Tables[T]] };

/** By domain, and what the `data` policies say of classification. In a list of one, so that Rego can join those of a path. */
interface Tables {
  actions: ActionsTable;
  integrations: Record<string, ConnectorTable>;
  models: ModelsTable;
  data: DataTable;
  labels: LabelsTable;
  features: Record<string, [rank: number, voices: string, turnsOn: boolean]>;
  'agent-to-agent': ExchangeTable;
  audit: Limits;
}

type Limits = Record<string, unknown>;
/** Policies of the scope as one text (see `references.ts`), with what they have in common. */
type Listed<T> = [policies: string, T][];
type Names = Record<string, true>;
type ActionEntry = [rank: number, voices: string, tells: boolean, othersJoin: boolean];

interface ActionsTable {
  named: Record<string, ActionEntry>;
  standing: ActionEntry | null;
  blocked?: unknown;
}

interface ConnectorTable {
  says: [rank: number, voices: string][];
  /** Places in `says`: for reads by label, then for writes by label. */
  by: number[];
  limits: unknown;
}

interface ModelsTable {
  listing: Listed<Names>;
  refused: Partial<Record<Classification, string>>;
  speaking?: string;
  limits: Limits;
}

interface DataTable {
  above: Partial<Record<Classification, Listed<Classification>>>;
  speaking?: string;
  limits: Limits;
}

interface LabelsTable {
  /** True for the enterprise, whose labels replace the thing's own; those below only raise. */
  sets: boolean;
  labels: Record<string, Classification[]>;
}

interface ExchangeTable {
  off?: string;
  types: Listed<Names>;
  above: Partial<Record<Classification, Listed<Classification>>>;
  inside?: string;
  rounds: Listed<number>;
  on?: string;
  limits: Limits;
}

type Said = Pick<Voice, 'rank' | 'why' | 'of'>;

/** @param policies those of one scope, in the order in which decisions name them */
export function compileScope(policies: readonly PlacedPolicy[]): BundledScope {
  const tables: [keyof Tables, unknown][] = [
    ['actions', whereAny(policies, 'actions', actionsTable)],
    ['integrations', whereAny(policies, 'integrations', connectorTables)],
    ['models', whereAny(policies, 'models', modelsTable)],
    ['data', whereAny(policies, 'data', dataTable)],
    ['labels', whereAny(policies, 'data', labelsTable)],
    ['features', whereAny(policies, 'features', featuresTable)],
    ['agent-to-agent', whereAny(policies, 'agent-to-agent', exchangeTable)],
    ['audit', whereAny(policies, 'audit', (own) => mergedLimits(own))],
  ];
  return Object.fromEntries(tables.filter(([, table]) => table !== undefined).map(([name, table]) => [name, [table]]));
}

function whereAny<D extends Domain, T>(
  policies: readonly PlacedPolicy[],
  domain: D,
  compile: (own: readonly PlacedPolicy<D>[]) => T,
): T | undefined {
  const own = policies.filter((policy): policy is PlacedPolicy<D> => policy.domain === domain);
  return own.length === 0 ? undefined : compile(own);
}

function actionsTable(policies: readonly PlacedPolicy<'actions'>[]): ActionsTable {
  const naming = new Map<string, PlacedPolicy<'actions'>[]>();
  for (const policy of policies) {
    for (const name of new Set(namedActions(policy.document))) push(naming, name, policy);
  }
  const standing = policies.filter(({ document }) => document.default_autonomy !== undefined);
  const standingRank = ({ document }: PlacedPolicy<'actions'>) => AUTONOMY.indexOf(document.default_autonomy!);
  /** How many speak of every other action, by what they say. */
  const counts = AUTONOMY.map((_, rank) => standing.filter((policy) => standingRank(policy) === rank).length);
  const entry = (voices: readonly Voice[], joining: readonly number[]): ActionEntry => {
    const ranks = new Set(voices.map(({ rank }) => rank));
    joining.forEach((n, rank) => n > 0 && ranks.add(rank));
    return [Math.max(...ranks), encodeVoices(policies[0]!, voices), ranks.has(1), joining.some((n) => n > 0)];
  };
  const named = [...naming.keys()].sort(compare).map((name): [string, ActionEntry] => {
    const own = naming.get(name)!;
    const joining = [...counts];
    for (const policy of own) if (policy.document.default_autonomy !== undefined) joining[standingRank(policy)]!--;
    const voices = voicesOf(own, ({ document }) => {
      const autonomy = actionVerdict(document, name)!;
      const why = document.blocked?.includes(name) ? 'blocked' : autonomy;
      return { rank: AUTONOMY.indexOf(autonomy), why, of: [] };
    });
    return [name, entry(voices, joining)];
  });
  const byDefault = voicesOf(standing, (policy) => {
    return { rank: standingRank(policy), why: `${policy.document.default_autonomy} by default`, of: [] };
  });
  return {
    named: Object.fromEntries(named),
    standing: byDefault.length > 0 ? entry(byDefault, []) : null,
    ...mergedLimits(policies, (path) => path === 'blocked'),
  };
}

function connectorTables(policies: readonly PlacedPolicy<'integrations'>[]): Record<string, ConnectorTable> {
  const limits = (mergedLimits(policies).connectors ?? {}) as Limits;
  return Object.fromEntries(
    [...CONNECTOR_TYPES].sort(compare).flatMap((type): [string, ConnectorTable][] => {
      const own = policies.filter(({ document }) => document.connectors?.[type]);
      if (own.length === 0) return [];
      const says = new Map<string, number>();
      const by = [true, false].flatMap((isRead) =>
        CLASSIFICATIONS.map((label) => {
          const voices = voicesOf(own, ({ document }) => onConnector(type, document.connectors![type]!, isRead, label));
          const text = JSON.stringify([strictestOf(voices), encodeVoices(own[0]!, voices)]);
          if (!says.has(text)) says.set(text, says.size);
          return says.get(text)!;
        }),
      );
      const texts = [...says.keys()].map((text) => JSON.parse(text) as [number, string]);
      return [[type, { says: texts, by, limits: limits[type] }]];
    }),
  );
}

type ConnectorEntry = NonNullable<NonNullable<Documents['integrations']['connectors']>['gmail']>;

/** A connector that is listed is enabled, and readable, unless its entry says otherwise. */
function onConnector(type: string, entry: ConnectorEntry, isRead: boolean, label: Classification): Said {
  if (entry.enabled === false) return { rank: 3, why: 'disabled', of: [type] };
  const limit = entry.max_classification;
  if (limit !== undefined && isAbove(label, limit)) return { rank: 3, why: 'above', of: [type, limit] };
  if (!isRead && (entry.permissions ?? 'read') === 'read') return { rank: 2, why: 'read_only', of: [type] };
  return { rank: 0, why: 'enabled', of: [type] };
}

function modelsTable(policies: readonly PlacedPolicy<'models'>[]): ModelsTable {
  const refuses = (document: Documents['models'], label: Classification) =>
    document.allowed_classifications?.includes(label) === false ||
    (document.max_classification !== undefined && isAbove(label, document.max_classification));
  return {
    listing: listedNames(policies, (document) => document.allowed_providers),
    refused: byLabel((label) => references(policies.filter(({ document }) => refuses(document, label)))),
    ...referencesAs(
      'speaking',
      policies.filter(
        ({ document }) => document.allowed_providers ?? document.allowed_classifications ?? document.max_classification,
      ),
    ),
    limits: mergedLimits(policies),
  };
}

function dataTable(policies: readonly PlacedPolicy<'data'>[]): DataTable {
  return {
    above: aboveLimit(policies, (document) => document.external_sharing_max),
    ...referencesAs(
      'speaking',
      policies.filter(({ document }) => document.external_sharing_max !== undefined),
    ),
    limits: mergedLimits(policies, (path) => !path.startsWith('classification_overrides.')),
  };
}

/** Of an entry for a resource's type also those speak who have one for its connector alone. */
function labelsTable(policies: readonly PlacedPolicy<'data'>[]): LabelsTable | undefined {
  const given = policies.map(({ document }) => document.classification_overrides ?? {});
  const saying = new Map<string, Record<string, Classification>[]>();
  for (const labels of given) for (const key of Object.keys(labels)) push(saying, key, labels);
  if (saying.size === 0) return undefined;
  /** How many policies give each label by this key. */
  const counts = (key: string, all = saying.get(key) ?? [], by = key) =>
    CLASSIFICATIONS.map((label) => all.filter((labels) => labels[by] === label).length);
  const ofConnector = new Map(CONNECTOR_TYPES.map((type) => [type as string, counts(type)]));
  const entry = (key: string): Classification[] => {
    const connector = key.split('/')[0]!;
    const own = counts(key);
    const alsoBoth = counts(key, saying.get(key), connector);
    const general = ofConnector.get(connector)!;
    return CLASSIFICATIONS.filter((_, i) => own[i]! > 0 || (key !== connector && general[i]! - alsoBoth[i]! > 0));
  };
  const keys = [...saying.keys()].sort(compare);
  return {
    sets: policies[0]!.scope === 'enterprise',
    labels: Object.fromEntries(keys.map((key) => [key, entry(key)])),
  };
}

function featuresTable(policies: readonly PlacedPolicy<'features'>[]): Tables['features'] {
  return Object.fromEntries(
    [...FEATURES].sort(compare).flatMap((feature) => {
      const own = policies.filter(({ document }) => document[feature] !== undefined);
      if (own.length === 0) return [];
      const voices = voicesOf(own, ({ document }) => {
        return { rank: document[feature] ? 0 : 3, why: document[feature] ? 'on' : 'off', of: [feature] };
      });
      const turnsOn = own[0]!.scope === 'enterprise' && own.some(({ document }) => document[feature]);
      return [[feature, [strictestOf(voices), encodeVoices(own[0]!, voices), turnsOn] as [number, string, boolean]]];
    }),
  );
}

function exchangeTable(policies: readonly PlacedPolicy<'agent-to-agent'>[]): ExchangeTable {
  type Policy = PlacedPolicy<'agent-to-agent'>;
  const those = (name: 'off' | 'inside' | 'on', are: (document: Documents['agent-to-agent']) => boolean) =>
    referencesAs(
      name,
      policies.filter(({ document }) => are(document)),
    );
  const byRounds = new Map<number, Policy[]>();
  for (const policy of policies) {
    if (policy.document.max_rounds !== undefined) push(byRounds, policy.document.max_rounds, policy);
  }
  return {
    ...those('off', ({ enabled }) => enabled === false),
    types: listedNames(policies, (document) => document.allowed_exchange_types),
    above: aboveLimit(policies, (document) => document.max_classification_shared),
    // Who enables exchanges does so inside the org, unless the document opens the org boundary too.
    ...those('inside', ({ enabled, cross_org }) => (cross_org ?? (enabled === true ? false : undefined)) === false),
    rounds: [...byRounds].sort(([a], [b]) => a - b).map(([limit, own]) => [references(own)!, limit]),
    ...those('on', ({ enabled }) => enabled === true),
    limits: mergedLimits(policies),
  };
}

/** What the policies limit together; only the fields wanted, if not all. */
function mergedLimits<D extends Domain>(
  policies: readonly PlacedPolicy<D>[],
  isWanted: (path: string) => boolean = () => true,
): Limits {
  const merged = new Map<string, unknown>();
  for (const { domain, document } of policies) {
    for (const { path, value, rule } of fieldsOf(domain, document)) {
      if (!isWanted(path)) continue;
      const own = Array.isArray(value) ? [...new Set(value as string[])].sort(compare) : value;
      merged.set(path, merged.has(path) ? rule.merge(merged.get(path), own) : own);
    }
  }
  return nested([...merged].sort(([a], [b]) => compare(a, b)));
}

/** From dotted paths. */
function nested(fields: readonly (readonly [path: string, value: unknown])[]): Limits {
  const whole: Limits = {};
  for (const [path, value] of fields) {
    const steps = path.split('.');
    let at = whole;
    for (const step of steps.slice(0, -1)) at = (at[step] ??= {}) as Limits;
    at[steps.at(-1)!] = value;
  }
  return whole;
}

/** Policies with a list of names, by the list. */
function listedNames<D extends Domain>(
  policies: readonly PlacedPolicy<D>[],
  listOf: (document: Documents[D]) => readonly string[] | undefined,
): Listed<Names> {
  const lists = new Map<string, PlacedPolicy<D>[]>();
  for (const policy of policies) {
    const list = listOf(policy.document);
    if (list) push(lists, JSON.stringify([...new Set(list)].sort(compare)), policy);
  }
  return [...lists].map(([list, own]) => {
    const names = (JSON.parse(list) as string[]).map((name): [string, true] => [name, true]);
    return [references(own)!, Object.fromEntries(names)];
  });
}

/** By label, the policies with a limit that lies below it, by that limit. */
function aboveLimit<D extends Domain>(
  policies: readonly PlacedPolicy<D>[],
  limitOf: (document: Documents[D]) => Classification | undefined,
): Partial<Record<Classification, Listed<Classification>>> {
  const byLimit = CLASSIFICATIONS.flatMap((limit): Listed<Classification> => {
    const text = references(policies.filter(({ document }) => limitOf(document) === limit));
    return text === undefined ? [] : [[text, limit]];
  });
  return byLabel((label) => {
    const below = byLimit.filter(([, limit]) => isAbove(label, limit));
    return below.length > 0 ? below : undefined;
  });
}

function byLabel<T>(of: (label: Classification) => T | undefined): Partial<Record<Classification, T>> {
  const entries = CLASSIFICATIONS.map((label) => [label, of(label)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Partial<Record<Classification, T>>;
}

function references(policies: readonly PlacedPolicy[]): string | undefined {
  return policies.length > 0 ? encodeReferences(policies[0]!, policies) : undefined;
}

/** The same as a field, where there are such policies. */
function referencesAs<K extends string>(name: K, policies: readonly PlacedPolicy[]): Partial<Record<K, string>> {
  const text = references(policies);
  return (text === undefined ? {} : { [name]: text }) as Partial<Record<K, string>>;
}

/** Who says the same speaks together. */
function voicesOf<D extends Domain>(
  policies: readonly PlacedPolicy<D>[],
  say: (policy: PlacedPolicy<D>) => Said,
): Voice[] {
  const voices = new Map<string, Said & { policies: PlacedPolicy[] }>();
  for (const policy of policies) {
    const said = say(policy);
    const key = JSON.stringify([said.rank, said.why, ...said.of]);
    const voice = voices.get(key) ?? { ...said, policies: [] };
    voices.set(key, voice);
    voice.policies.push(policy);
  }
  return [...voices.values()];
}

function strictestOf(voices: readonly Voice[]): number {
  return Math.max(...voices.map(({ rank }) => rank));
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
