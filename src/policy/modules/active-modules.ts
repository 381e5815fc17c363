import { Injectable } from '@nestjs/common';
import type { CompiledModules, ModuleReference } from './compile.ts';

type References = CompiledModules['references'];

/** Which modules this replica has last put into each tenant's bundles. */
@Injectable()
export class ActiveModules {
  private readonly tenants = new Map<string, Map<string, References>>();

  set(tenantId: string, bundle: string, references: References): void {
    const bundles = this.tenants.get(tenantId) ?? new Map<string, References>();
    if (Object.keys(references).length > 0) bundles.set(bundle, references);
    else bundles.delete(bundle);
    if (bundles.size > 0) this.tenants.set(tenantId, bundles);
    else this.tenants.delete(tenantId);
  }

  /** Those steps of a path (`16.3/team:platform`) that have modules. */
  stepsWith(tenantId: string, path: readonly string[]): string[] {
    const bundles = this.tenants.get(tenantId);
    if (!bundles) return [];
    return path.filter((step) => {
      const slash = step.indexOf('/');
      return Object.hasOwn(bundles.get(step.slice(0, slash)) ?? {}, step.slice(slash + 1));
    });
  }

  find(tenantId: string, policyId: string | undefined): ModuleReference | undefined {
    for (const references of this.tenants.get(tenantId)?.values() ?? []) {
      const found = Object.values(references)
        .flat()
        .find((reference) => reference.id === policyId);
      if (found) return found;
    }
    return undefined;
  }
}
