import type { Person, Principal } from '#libs/access';
import { invalid, Problem } from '#libs/http';
import type { People } from '#identity';
import type { Scope } from './rules/index.ts';

/** One step on a person's path: a scope and whose it is. */
export interface PathStep {
  readonly scope: Scope;
  readonly id: string;
}

/** From the tenant down to the person: the scopes whose policies apply to them. */
export function pathOf(person: Pick<Person, 'tenantId' | 'id' | 'orgId' | 'teamIds'>): PathStep[] {
  return [
    { scope: 'enterprise', id: person.tenantId },
    { scope: 'org', id: person.orgId },
    ...person.teamIds.map((id) => ({ scope: 'team' as const, id })),
    { scope: 'user', id: person.id },
  ];
}

/** `org:engineering`: how places are keyed in bundles and queries. */
export function placeKey(step: PathStep): string {
  return `${step.scope}:${step.id}`;
}

/** A place in the hierarchy with what lies above it and who it belongs to. */
export interface Place {
  readonly scope: Scope;
  readonly id: string;
  /** Strictly wider scopes, widest first. */
  readonly above: readonly PathStep[];
  readonly orgId: string | null;
  readonly teamIds: readonly string[];
}

/** Finds a place in the directory. @throws Problem `validation_failed` where the directory does not know it */
export async function locate(people: People, tenantId: string, scope: Scope, id: string): Promise<Place> {
  const enterprise: PathStep = { scope: 'enterprise', id: tenantId };
  switch (scope) {
    case 'enterprise':
      if (id !== tenantId)
        throw invalid('scopeId', `"${id}" is not this tenant; at scope "enterprise" it must be "${tenantId}"`);
      return { scope, id, above: [], orgId: null, teamIds: [] };
    case 'org':
      if (!(await people.orgExists(tenantId, id))) throw unknownPlace(scope, id);
      return { scope, id, above: [enterprise], orgId: id, teamIds: [] };
    case 'team': {
      const orgId = await people.orgOfTeam(tenantId, id);
      if (orgId === undefined) throw unknownPlace(scope, id);
      return { scope, id, above: [enterprise, { scope: 'org', id: orgId }], orgId, teamIds: [id] };
    }
    case 'user': {
      const person = await people.find(tenantId, id);
      if (!person) throw unknownPlace(scope, id);
      return { scope, id, above: pathOf(person).slice(0, -1), orgId: person.orgId, teamIds: person.teamIds };
    }
    default:
      return scope satisfies never;
  }
}

/**
 * Who may write a policy there: an enterprise admin anywhere, an org admin inside the organisation, a team lead inside
 * the teams they are in. Source: DOMAIN rules, section 1. @throws Problem `forbidden`
 */
export function requireMayWrite(principal: Principal, place: Place): void {
  if (principal.kind === 'person') {
    const { roles, orgId, teamIds } = principal.person;
    if (roles.includes('enterprise_admin')) return;
    if (roles.includes('org_admin') && place.scope !== 'enterprise' && place.orgId === orgId) return;
    const belowOrg = place.scope === 'team' || place.scope === 'user';
    if (roles.includes('team_lead') && belowOrg && place.teamIds.some((team) => teamIds.includes(team))) return;
  }
  throw new Problem('forbidden', `You may not write policies for ${place.scope} "${place.id}".`);
}

function unknownPlace(scope: Scope, id: string): Problem {
  return invalid('scopeId', `the directory knows no ${scope} "${id}"`);
}
