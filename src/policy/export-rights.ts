import { ExportRights } from '#audit';
import type { Principal, Role } from '#libs/access';
import { Injectable } from '@nestjs/common';
import { PolicyReader } from './policy-reader.ts';

/** The roles that the `audit` policy on the caller's path lets export. */
@Injectable()
export class PolicyExportRights extends ExportRights {
  constructor(private readonly policies: PolicyReader) {
    super();
  }

  override async roles(principal: Principal): Promise<readonly Role[]> {
    const { domains } = await this.policies.effective(principal, undefined);
    const roles = domains.audit.export_roles?.value;
    return Array.isArray(roles) ? (roles as Role[]) : ['enterprise_admin'];
  }
}
