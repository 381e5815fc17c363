import type { OpaFolder } from '#libs/opa';
import { PERMITTED_BUILTINS } from './builtins.ts';

/** The capabilities of this OPA cut down to what a module may use. Source: OPA's documentation, "Capabilities". */
export function capabilitiesForModules(folder: OpaFolder): Promise<string> {
  return capabilities(folder, () => false);
}

/** The same with what `opa test` itself needs. */
export function capabilitiesForTests(folder: OpaFolder): Promise<string> {
  return capabilities(folder, (name) => name === 'internal.test_case' || name === 'print' || name === 'internal.print');
}

async function capabilities(folder: OpaFolder, also: (name: string) => boolean): Promise<string> {
  const { stdout } = await folder.run(['capabilities', '--current']);
  const all = JSON.parse(stdout) as { builtins: { name: string }[] };
  const builtins = all.builtins.filter(({ name }) => PERMITTED_BUILTINS.has(name) || also(name));
  return JSON.stringify({ builtins, future_keywords: [], features: ['rego_v1'], allow_net: [] });
}
