import type { Person, Role } from '#libs/access';

/** A person with what only the directory's own pages show. */
export interface DirectoryPerson extends Person {
  readonly managerId: string | null;
  readonly timeZone: string;
}

export interface PersonRow {
  tenant_id: string;
  id: string;
  email: string;
  name: string;
  org_id: string;
  team_ids: string[];
  roles: Role[];
  manager_id: string | null;
  time_zone: string;
  active: boolean;
}

export function toPerson(row: PersonRow): DirectoryPerson {
  return {
    tenantId: row.tenant_id,
    id: row.id,
    email: row.email,
    name: row.name,
    orgId: row.org_id,
    teamIds: row.team_ids,
    roles: row.roles,
    managerId: row.manager_id,
    timeZone: row.time_zone,
  };
}
