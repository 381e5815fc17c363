import type { DirectoryPerson } from '#identity';
import type { Party } from './rules/index.ts';

export function partyOf({ id, name, tenantId, orgId, teamIds }: DirectoryPerson): Party {
  return { userId: id, name, tenantId, orgId, teamIds };
}
