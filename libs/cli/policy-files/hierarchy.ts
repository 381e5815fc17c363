import type { PolicyEntry } from './entry.ts';
import type { FileProblem } from './problems.ts';
import type { PolicyRules } from './rules.ts';

/**
 * Fields that are wider than a policy above them in the same files.
 *
 * The files do not say who belongs where; the directory of the service does. So a scope counts as above another where
 * the files leave no choice: the only enterprise above everything, the only organisation above teams and people, the
 * only team above people. What this passes over, the service refuses when the policy is applied.
 */
export function wideningIn(entries: readonly PolicyEntry[], rules: PolicyRules): FileProblem[] {
  // A module cannot be wider: what it says is only ever added.
  const documents = entries.filter((entry) => entry.module === undefined);
  return documents.flatMap((entry) => {
    const above = entriesAbove(entry, documents, rules.scopes);
    const placed = above.map((other) => ({
      ...pick(other),
      id: `${other.file}:${other.line}`,
      document: other.document,
    }));
    return rules
      .findWidening(entry.domain, entry.document, placed)
      .map(({ field, parentPolicy, parentValue, value }) => {
        const { name, version, scope, scopeId, id } = parentPolicy;
        const guess = scope === rules.scopes[0] ? '' : `, taking ${entry.scope} "${entry.scopeId}" to belong to it`;
        return {
          file: entry.file,
          ...entry.locate(field),
          message:
            `${JSON.stringify(value)} is wider than ${JSON.stringify(parentValue)}, which policy "${name}" ${version} of ` +
            `${scope} "${scopeId}" (${id}) allows${guess}`,
        };
      });
  });
}

function entriesAbove(entry: PolicyEntry, entries: readonly PolicyEntry[], scopes: readonly string[]): PolicyEntry[] {
  const wider = scopes.slice(0, scopes.indexOf(entry.scope));
  return wider.flatMap((scope) => {
    const there = entries.filter((other) => other.scope === scope);
    return new Set(there.map((other) => other.scopeId)).size === 1 ? there : [];
  });
}

function pick({ name, version, scope, scopeId, domain }: PolicyEntry) {
  return { name, version, scope, scopeId, domain };
}
