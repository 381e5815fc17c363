import type { Principal } from './principal.ts';

/**
 * How far a person's reading rights reach inside their tenant: an enterprise admin sees all of it, an org admin the
 * organisation, a team lead the teams they are in, everybody themselves.
 */
export type Reach =
  | { readonly all: true }
  | {
      readonly all: false;
      readonly orgIds: readonly string[];
      readonly teamIds: readonly string[];
      readonly userIds: readonly string[];
    };

export function reachOf(principal: Principal): Reach {
  if (principal.kind === 'agent') return { all: false, orgIds: [], teamIds: [], userIds: [] };
  const { person } = principal;
  if (person.roles.includes('enterprise_admin')) return { all: true };
  return {
    all: false,
    orgIds: person.roles.includes('org_admin') ? [person.orgId] : [],
    teamIds: person.roles.includes('team_lead') ? person.teamIds : [],
    userIds: [person.id],
  };
}

/** True if somebody with this place in the organisation is inside the reach. */
export function reaches(reach: Reach, person: { id: string; orgId: string; teamIds: readonly string[] }): boolean {
  return (
    reach.all ||
    reach.userIds.includes(person.id) ||
    reach.orgIds.includes(person.orgId) ||
    person.teamIds.some((team) => reach.teamIds.includes(team))
  );
}
