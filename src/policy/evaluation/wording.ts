import type { Autonomy, Domain, PolicyReference } from '../rules/index.ts';

/** Makes words of what a voice is about; `of` are the values that came with the reason. */
type Words = (action: string, ...of: readonly string[]) => string;

const connector =
  (words: string): Words =>
  (_action, name) =>
    `${name} ${words}`;
const on =
  (words: string): Words =>
  (action) =>
    `${action} ${words}`;

/** The reasons that the base Rego gives, by domain. */
const WORDS: Readonly<Record<Domain, Readonly<Record<string, Words>>>> = {
  actions: {
    autonomous: on('may be done'),
    notify: on('may be done with notice'),
    approve: on('needs approval'),
    block: on('is blocked'),
    blocked: on('is blocked'),
    'autonomous by default': on('may be done by default'),
    'notify by default': on('may be done with notice by default'),
    'approve by default': on('needs approval by default'),
    'block by default': on('is blocked by default'),
    silent: (action) => `no actions policy speaks of ${action}`,
  },
  integrations: {
    disabled: connector('is disabled'),
    above: (_action, name, limit) => `${name} is for data up to ${limit}`,
    read_only: connector('is read-only, so that a change needs approval'),
    enabled: connector('is enabled'),
    unlisted: (_action, name) => `no integrations policy lists the connector ${name}`,
  },
  models: {
    provider: (_action, provider) => `the provider ${provider} is not allowed`,
    label: (_action, label) => `data classified ${label} may not go to a model`,
    self_hosted_only: (_action, label) => `${label} data may only go to a self-hosted model`,
    restricted: () => 'restricted data needs approval before it goes to a model',
    may_go: (_action, label, provider) => `${label} data may go to ${provider}`,
    silent: (_action, label) => `no models policy speaks of ${label} data`,
  },
  data: {
    above: (_action, label, limit) => `${label} data is above ${limit}, the most that may leave`,
    may_leave: (_action, label) => `${label} data may leave`,
    silent: (_action, label) => `no data policy speaks of sharing ${label} data outside`,
  },
  features: {
    on: (_action, feature) => `${feature} is on`,
    off: (_action, feature) => `${feature} is off`,
    not_on: (_action, feature) => `no features policy of the enterprise turns on ${feature}`,
  },
  'agent-to-agent': {
    off: () => 'exchanges are off',
    type: (_action, type) => `the exchange type ${type} is not allowed`,
    above: (_action, label, limit) => `${label} data is above ${limit}, the most that may be shared`,
    cross_org: () => 'exchanges with other orgs are off',
    rounds: (_action, round, limit) => `round ${round} is above the limit of ${limit}`,
    on: () => 'exchanges are on',
    not_enabled: () => 'no agent-to-agent policy turns exchanges on',
  },
  audit: {},
};

/** In every domain: the words of a tenant's own module. */
export const MODULE_SAYS = 'says';

/** Why a voice says what it says, in words; undefined where the reason is not known here. */
export function why(domain: Domain, code: unknown, action: string, of: readonly unknown[]): string | undefined {
  if (typeof code !== 'string') return undefined;
  if (code === MODULE_SAYS) return typeof of[0] === 'string' ? of[0] : undefined;
  const words = Object.hasOwn(WORDS[domain], code) ? WORDS[domain][code]! : undefined;
  if (!words || of.length < words.length - 1) return undefined;
  return words(action, ...of.map(String));
}

const OUTCOME: Readonly<Record<Autonomy, string>> = {
  autonomous: 'Allowed',
  notify: 'Allowed with notice',
  approve: 'Approval required',
  block: 'Denied',
};

/** The reason of a decision: what holds, by which policy (undefined: the product's own rule), and why. */
export function sentence(
  autonomy: Autonomy,
  domain: Domain,
  policy: PolicyReference | undefined,
  words: string,
): string {
  const by = policy
    ? ` by the ${domain} policy "${policy.name}" ${policy.version} of ${policy.scope} ${policy.scopeId}`
    : '';
  return `${OUTCOME[autonomy]}${by}: ${words}.`;
}
