import { Injectable } from '@nestjs/common';
import type { CompiledModules, ModuleReference } from './compile.ts';

/** Which modules this replica has last put into each tenant's bundle. */
@Injectable()
export class ActiveModules {
  private readonly tenants = new Map<string, CompiledModules['references']>();

  set(tenantId: string, references: CompiledModules['references']): void {
    if (Object.keys(references).length > 0) this.tenants.set(tenantId, references);
    else this.tenants.delete(tenantId);
  }

  /** Those of the places (`team:platform`) that have modules. */
  placesWith(tenantId: string, places: readonly string[]): string[] {
    const references = this.tenants.get(tenantId);
    return references ? places.filter((place) => Object.hasOwn(references, place)) : [];
  }

  find(tenantId: string, policyId: string | undefined): ModuleReference | undefined {
    const references = this.tenants.get(tenantId) ?? {};
    return Object.values(references)
      .flat()
      .find((reference) => reference.id === policyId);
  }
}
