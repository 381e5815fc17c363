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

/** A person as the caller of what is done in their name while they do not call, or with their token. */
export function asCaller(person: Person): PersonPrincipal {
  return { kind: 'person', tenantId: person.tenantId, person, via: 'token' };
}

/** Short, stable name of a caller for logs, idempotency keys and authorship: `user:alice`, `agent:01J…`. */
export function principalName(principal: Principal): string {
  return principal.kind === 'person' ? `user:${principal.person.id}` : `agent:${principal.tokenId}`;
}

/** True if this assistant may act for that person. */
export function mayActFor(agent: AgentPrincipal, userId: string): boolean {
  return agent.userIds === '*' || agent.userIds.includes(userId);
}

/** The person an assistant acts for where there is just one; undefined where its token names several, or everybody. */
export function onlyPersonOf({ userIds }: AgentPrincipal): string | undefined {
  return userIds !== '*' && userIds.length === 1 ? userIds[0] : undefined;
}

/** Whose things a caller may call its own: a person's, those of an assistant's people; null: of everybody in the tenant. */
export function peopleOf(principal: Principal): readonly string[] | null {
  if (principal.kind === 'person') return [principal.person.id];
  return principal.userIds === '*' ? null : principal.userIds;
}
