import { isDeepStrictEqual } from 'node:util';
import semver from 'semver';
import { parse } from 'yaml';
import type { PolicyEntry } from './entry.ts';

/** The policy that the service has under the same scope, domain and name. */
export interface ExistingPolicy {
  readonly id: string;
  readonly version: string;
  readonly status: string;
  readonly content?: string;
  readonly rego?: string;
}

export type Step =
  | { readonly kind: 'create'; readonly status: 'draft' | 'active' }
  | { readonly kind: 'update'; readonly id: string; readonly from: string; readonly status: 'draft' | 'active' }
  | { readonly kind: 'unchanged' }
  /** The file and the service cannot be brought together without a person. */
  | { readonly kind: 'refused'; readonly why: string };

/** A policy of a file, and what has to be done about it. */
export interface Planned {
  readonly entry: PolicyEntry;
  readonly step: Step;
}

/** What has to be done so that the service has what the file says. */
export function planStep(
  entry: Pick<PolicyEntry, 'version' | 'content' | 'module'>,
  existing: ExistingPolicy | undefined,
  status: 'draft' | 'active',
): Step {
  if (!existing) return { kind: 'create', status };
  const { version } = existing;
  const same = entry.module
    ? entry.module.source === existing.rego
    : existing.content !== undefined && sameRules(entry.content ?? '', existing.content);
  if (semver.gt(entry.version, version)) return { kind: 'update', id: existing.id, from: version, status };
  if (entry.version === version && same && existing.status === status) return { kind: 'unchanged' };
  const raise = `raise the version in the file above ${version}`;
  if (semver.lt(entry.version, version)) {
    return {
      kind: 'refused',
      why: `the service has ${version}, which is newer than ${entry.version} in the file; ${raise}`,
    };
  }
  if (!same) return { kind: 'refused', why: `the service has ${version} with other content; ${raise}` };
  return { kind: 'refused', why: `the service has ${version} as ${existing.status}, not ${status}; ${raise}` };
}

/** True where two texts say the same, however they are laid out. */
function sameRules(one: string, other: string): boolean {
  try {
    return isDeepStrictEqual(parse(one) ?? {}, parse(other) ?? {});
  } catch {
    return one === other;
  }
}
