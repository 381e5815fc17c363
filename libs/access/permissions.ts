import type { Principal, Role } from './principal.ts';

/** What a route may ask for. How far a permission reaches (tenant, org, teams, self) is decided where it is used. */
export const PERMISSIONS = [
  'policies:read',
  'policies:write',
  'policy:evaluate',
  'audit:read',
  'audit:append',
  'users:read',
  'users:write',
  'agent-tokens:manage',
  'connectors:read',
  'connectors:write',
  'connectors:use',
  'work:read',
  'work:write',
  'messages:use',
  'approvals:read',
  'approvals:ask',
  'approvals:decide',
  'exchanges:use',
  'exchanges:resolve',
  'status:read',
  'self:read',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

const OF_USER: readonly Permission[] = [
  'policies:read',
  'policy:evaluate',
  'audit:read',
  'audit:append',
  'connectors:read',
  'connectors:write',
  'connectors:use',
  'work:read',
  'work:write',
  'messages:use',
  'approvals:read',
  'approvals:ask',
  'approvals:decide',
  'exchanges:use',
  'exchanges:resolve',
  'status:read',
  'self:read',
];
const OF_LEAD: readonly Permission[] = [...OF_USER, 'policies:write', 'users:read'];

const OF_ROLE: Readonly<Record<Role, readonly Permission[]>> = {
  user: OF_USER,
  team_lead: OF_LEAD,
  org_admin: OF_LEAD,
  enterprise_admin: PERMISSIONS,
};

/** An assistant asks and reads; deciding is for people, so that none approves itself. */
const OF_AGENT: readonly Permission[] = [
  'policy:evaluate',
  'audit:append',
  'connectors:use',
  'messages:use',
  'approvals:read',
  'approvals:ask',
  'exchanges:use',
  'status:read',
];

/** Everything that this caller may do, in the order of {@link PERMISSIONS}. */
export function permissionsOf(principal: Principal): readonly Permission[] {
  if (principal.kind === 'agent') return OF_AGENT;
  const held = new Set(principal.person.roles.flatMap((role) => OF_ROLE[role]));
  return PERMISSIONS.filter((permission) => held.has(permission));
}

export function hasPermission(principal: Principal, permission: Permission): boolean {
  if (principal.kind === 'agent') return OF_AGENT.includes(permission);
  return principal.person.roles.some((role) => OF_ROLE[role].includes(permission));
}
