import { type Principal, reachOf, type Role } from '#libs/access';

/** Port: the roles whose holders may export what they may read. Bound to policy (domain `audit`) where there is one. */
export abstract class ExportRights {
  abstract roles(principal: Principal): Promise<readonly Role[]>;
}

/** Where no policy speaks: enterprise admins alone. Source: DOMAIN rules, section 1. */
export class AdminsOnly extends ExportRights {
  override async roles(): Promise<readonly Role[]> {
    return ['enterprise_admin'];
  }
}

export async function mayExport(rights: ExportRights, principal: Principal): Promise<boolean> {
  if (principal.kind !== 'person') return false;
  if (reachOf(principal).all) return true;
  const roles = await rights.roles(principal);
  return principal.person.roles.some((role) => roles.includes(role));
}
