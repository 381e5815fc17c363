import { byPlace, compare, encodeReferences } from '../rules/index.ts';
import type { PlacedModule } from './placed-module.ts';
import { rehouse } from './package-clause.ts';

/** Points the base Rego at a module: where it stands, and under which key it is loaded (its policy's id). */
export type ModuleReference = Omit<PlacedModule, 'rego' | 'fault'>;

/** With the text by which decisions name it; a fault where it is not loaded. */
export type BundledModule = ModuleReference & { readonly ref: string; readonly fault?: string };

/** The modules of one of a tenant's bundles. */
export interface CompiledModules {
  /** At `data.openclaw.tenants[<tenant>][<bundle>].modules`, keyed `<scope>:<scopeId>`, widest scope first. */
  readonly references: Readonly<Record<string, readonly BundledModule[]>>;
  /** Rego by file name, each under a package of its own. */
  readonly files: Readonly<Record<string, string>>;
}

/** The same modules give the same result, in whatever order they come. */
export function compileModules(modules: readonly PlacedModule[], tenantId: string, bundle: string): CompiledModules {
  const references: Record<string, BundledModule[]> = {};
  const files: Record<string, string> = {};
  for (const { rego, fault, ...reference } of [...modules].sort(byPlace)) {
    (references[`${reference.scope}:${reference.scopeId}`] ??= []).push({
      ...reference,
      ref: encodeReferences(reference, [reference]),
      ...(fault === undefined ? {} : { fault }),
    });
    if (fault === undefined) files[moduleFile(reference.id)] = rehouse(rego, tenantId, bundle, reference.id);
  }
  const keys = Object.keys(references).sort(compare);
  return { references: Object.fromEntries(keys.map((key) => [key, references[key]!])), files };
}

/** The name of a module's file in the bundle, by which OPA's errors call it. */
function moduleFile(policyId: string): string {
  return `modules/${policyId}.rego`;
}

/** The policy whose module an error of OPA is about, by the file it names. */
export function policyOfFile(file: string): string | undefined {
  return /(?:^|\/)modules\/([A-Za-z0-9_-]+)\.rego$/.exec(file)?.[1];
}
