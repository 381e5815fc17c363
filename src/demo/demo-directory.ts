import type { UserInput } from '#identity';

/** The demo tenants of the embedded profile. Source: the API contract, "Demo directory". */
export const DEMO_TENANTS = [
  { id: 'acme', name: 'Acme', emailDomains: ['acme.test'] },
  { id: 'globex', name: 'Globex', emailDomains: ['globex.test'] },
] as const;

type DemoPerson = UserInput & { readonly tenantId: (typeof DEMO_TENANTS)[number]['id'] };

function person(
  tenantId: DemoPerson['tenantId'],
  id: string,
  name: string,
  orgId: string,
  more: Partial<UserInput> = {},
): DemoPerson {
  return {
    tenantId,
    id,
    name,
    email: `${id}@${tenantId}.test`,
    orgId,
    teamIds: [],
    roles: ['user'],
    managerId: null,
    timeZone: 'Europe/Berlin',
    ...more,
  };
}

export const DEMO_PEOPLE: readonly DemoPerson[] = [
  person('acme', 'admin', 'Ada Admin', 'engineering', { roles: ['enterprise_admin'] }),
  person('acme', 'olga', 'Olga Orlova', 'engineering', { roles: ['org_admin'], managerId: 'admin' }),
  person('acme', 'tomas', 'Tomas Novak', 'engineering', {
    roles: ['team_lead'],
    teamIds: ['platform'],
    managerId: 'olga',
  }),
  person('acme', 'alice', 'Alice Adams', 'engineering', { teamIds: ['platform'], managerId: 'tomas' }),
  person('acme', 'bob', 'Bob Brown', 'engineering', { teamIds: ['web'], managerId: 'olga' }),
  person('acme', 'carol', 'Carol Clarke', 'legal', { managerId: 'admin' }),
  person('globex', 'eve', 'Eve Ellis', 'operations', { roles: ['enterprise_admin'] }),
  person('globex', 'dave', 'Dave Dorn', 'operations', { managerId: 'eve' }),
];
