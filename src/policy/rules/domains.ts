/** The words policy is written in. Source: DOMAIN rules, sections 1, 2 and 6; `policies/base` knows the same ones. */

export const DOMAINS = ['actions', 'integrations', 'models', 'data', 'features', 'agent-to-agent', 'audit'] as const;
export type Domain = (typeof DOMAINS)[number];

/** Where a policy may stand, from the widest to the narrowest. */
export const SCOPES = ['enterprise', 'org', 'team', 'user'] as const;
export type Scope = (typeof SCOPES)[number];

/** True where `a` is strictly wider than `b`: what `b` may only restrict. */
export function isHigherScope(a: Scope, b: Scope): boolean {
  return SCOPES.indexOf(a) < SCOPES.indexOf(b);
}

export const FEATURES = [
  'auto_response',
  'task_intelligence',
  'briefing_generation',
  'ocip_exchange',
  'work_tracking',
  'org_intelligence',
  'visualization',
] as const;
export type Feature = (typeof FEATURES)[number];

export const CONNECTOR_TYPES = ['gmail', 'gcal', 'jira', 'github', 'gdrive'] as const;
export type ConnectorType = (typeof CONNECTOR_TYPES)[number];

/** What an assistant may do through a connector, from least to most. */
export const PERMISSIONS = ['read', 'write', 'admin'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const EXCHANGE_TYPES = ['information_query', 'commitment_request', 'meeting_scheduling'] as const;
export type ExchangeType = (typeof EXCHANGE_TYPES)[number];

export const ROLES = ['enterprise_admin', 'org_admin', 'team_lead', 'user'] as const;
export type Role = (typeof ROLES)[number];

const CONNECTOR_OF_PREFIX: Readonly<Record<string, ConnectorType>> = {
  email: 'gmail',
  calendar: 'gcal',
  jira: 'jira',
  github: 'github',
  gdrive: 'gdrive',
};
const READ_SUFFIXES = ['_read', '_search', '_list'];

/** The connector an action works through, by its prefix (`email_send` → `gmail`); `undefined` where it names none. */
export function connectorOfAction(action: string): ConnectorType | undefined {
  const end = action.indexOf('_');
  const prefix = action.slice(0, Math.max(end, 0));
  return Object.hasOwn(CONNECTOR_OF_PREFIX, prefix) ? CONNECTOR_OF_PREFIX[prefix] : undefined;
}

/** True for actions that only look (`…_read`, `…_search`, `…_list`). Everything else counts as a write. */
export function isReadAction(action: string): boolean {
  return READ_SUFFIXES.some((suffix) => action.endsWith(suffix));
}
