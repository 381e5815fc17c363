/** The four roles of a person. Source: DOMAIN rules, section 1. */
export const ROLES = ['enterprise_admin', 'org_admin', 'team_lead', 'user'] as const;
export type Role = (typeof ROLES)[number];

/** A person as the directory knows them: the only source of organisation, teams and roles. */
export interface Person {
  readonly tenantId: string;
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly orgId: string;
  readonly teamIds: readonly string[];
  readonly roles: readonly Role[];
}

/** Who calls: a person (by OIDC token or browser session), or an assistant on behalf of named people. */
export type Principal = PersonPrincipal | AgentPrincipal;

export interface PersonPrincipal {
  readonly kind: 'person';
  readonly tenantId: string;
  readonly person: Person;
  readonly via: 'token' | 'session';
}

export interface AgentPrincipal {
  readonly kind: 'agent';
  readonly tenantId: string;
  readonly tokenId: string;
  readonly name: string;
  /** The people this assistant may act for; `*` is everybody in the tenant. */
  readonly userIds: readonly string[] | '*';
}

/** Short, stable name of a caller for logs, idempotency keys and authorship: `user:alice`, `agent:01J…`. */
export function principalName(principal: Principal): string {
  return principal.kind === 'person' ? `user:${principal.person.id}` : `agent:${principal.tokenId}`;
}

/** True if this assistant may act for that person. */
export function mayActFor(agent: AgentPrincipal, userId: string): boolean {
  return agent.userIds === '*' || agent.userIds.includes(userId);
}
