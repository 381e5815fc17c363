import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import { isRecord, type PolicyEntry, readEntry, withoutPath } from './entry.ts';
import type { ModuleText } from './modules.ts';
import type { FileProblem } from './problems.ts';
import type { PolicyRules } from './rules.ts';
import { lineOfPath, type YamlDocument } from './yaml-file.ts';

/** What was found in policy files. */
export interface PolicyFiles {
  readonly entries: readonly PolicyEntry[];
  readonly problems: readonly FileProblem[];
  /** Rules documents that stand alone, which belong to no policy yet. */
  readonly bare: number;
  /** Rego modules that stand alone. */
  readonly bareModules: readonly ModuleText[];
}

export interface ReadOptions {
  readonly rules: PolicyRules;
  /** The domain of rules documents that stand alone, where file and content do not tell. */
  readonly domain?: string | undefined;
}

const MAX_ALIASES = 32;
const API_GROUP = 'openclaw.enterprise.io/';

/** Reads files of policies: PolicyBundles, single policies, rules documents; several documents a file. */
export async function readPolicyFiles(files: readonly string[], options: ReadOptions): Promise<PolicyFiles> {
  const found = await Promise.all(
    files.map(async (file) => {
      try {
        const text = await readFile(file, 'utf8');
        return file.endsWith('.rego') ? readModule(file, text, options) : readPolicyText(file, text, options);
      } catch (error) {
        return only({ file, path: '', message: whyUnreadable(error as NodeJS.ErrnoException) });
      }
    }),
  );
  const entries = found.flatMap((file) => file.entries);
  const problems = [...found.flatMap((file) => file.problems), ...duplicates(entries)];
  return {
    entries,
    problems,
    bare: found.reduce((sum, file) => sum + file.bare, 0),
    bareModules: found.flatMap((file) => file.bareModules),
  };
}

/** A module alone: its domain is the one asked for, else the one that the file is named after, else actions. */
function readModule(file: string, source: string, { rules, domain }: ReadOptions): PolicyFiles {
  const meant = domain ?? namedDomain(file, rules) ?? 'actions';
  return { entries: [], problems: [], bare: 1, bareModules: [{ file, path: '', domain: meant, source, offset: 0 }] };
}

/** Reads the text of one file. */
export function readPolicyText(file: string, text: string, options: ReadOptions): PolicyFiles {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const trees = Array.isArray(parsed) ? parsed : [];
  const faults = trees.flatMap((tree) =>
    tree.errors.map((fault) => ({
      file,
      line: lines.linePos(fault.pos[0]).line,
      path: '',
      message: `this is no YAML: ${fault.message}`,
    })),
  );
  if (faults.length > 0) return { entries: [], problems: faults, bare: 0, bareModules: [] };
  const documents = trees
    .filter((tree) => tree.contents !== null)
    .map((tree) => readDocument(file, { tree, lines }, options));
  if (documents.length === 0) return only({ file, path: '', message: 'the file holds no document' });
  return {
    entries: documents.flatMap(({ entries }) => entries),
    problems: documents.flatMap(({ problems }) => problems),
    bare: documents.reduce((sum, { bare }) => sum + bare, 0),
    bareModules: [],
  };
}

function readDocument(file: string, document: YamlDocument, { rules, domain }: ReadOptions): PolicyFiles {
  let given: unknown;
  try {
    given = document.tree.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    return only({ file, line: lineOfPath(document, []), path: '', message: (error as Error).message });
  }
  const fault = (path: string[], message: string) =>
    only({ file, line: lineOfPath(document, path), path: path.join('.'), message });
  if (!isRecord(given)) return fault([], 'must be a map: a PolicyBundle, a policy or a rules document');
  if (given.kind !== undefined) {
    if (given.kind !== 'PolicyBundle')
      return fault(['kind'], `must be PolicyBundle; ${JSON.stringify(given.kind)} was given`);
    if (typeof given.apiVersion === 'string' && !given.apiVersion.startsWith(API_GROUP)) {
      return fault(['apiVersion'], `must begin with ${API_GROUP}; "${given.apiVersion}" was given`);
    }
    const policies = isRecord(given.spec) ? given.spec.policies : undefined;
    if (!Array.isArray(policies)) return fault(['spec', 'policies'], 'must be a list of policies');
    return collect(policies.map((policy, at) => readEntry(file, document, ['spec', 'policies', at], policy, rules)));
  }
  if ('scope' in given || 'content' in given || 'domain' in given) {
    return collect([readEntry(file, document, [], given, rules)]);
  }
  const meant = domain ?? domainOf(file, given, rules);
  if (meant === undefined) {
    return fault(
      [],
      'is neither a PolicyBundle nor a policy (scope, scopeId, domain, name, version, content). If it is a rules document ' +
        `alone, name its domain with --domain: ${rules.domains.join(', ')}`,
    );
  }
  const checked = rules.check(meant, given, (path) => lineOfPath(document, path));
  if (checked.ok) return { entries: [], problems: [], bare: 1, bareModules: [] };
  const top = lineOfPath(document, []);
  return {
    entries: [],
    problems: checked.issues.map(({ path, message, line }) => ({
      file,
      line: line ?? top,
      path,
      message: withoutPath(message, path),
    })),
    bare: 1,
    bareModules: [],
  };
}

/** The domain that the file is named after (`actions.yaml`, `team-web-actions.yaml`), or the only one that takes it. */
function domainOf(file: string, given: Readonly<Record<string, unknown>>, rules: PolicyRules): string | undefined {
  const named = namedDomain(file, rules);
  if (named !== undefined) return named;
  const taking = rules.domains.filter((domain) => rules.check(domain, given, () => undefined).ok);
  return taking.length === 1 ? taking[0] : undefined;
}

function namedDomain(file: string, rules: PolicyRules): string | undefined {
  const name = basename(file).replace(/\.\w+$/, '');
  return rules.domains.find((domain) => name === domain || name.endsWith(`-${domain}`));
}

function collect(read: readonly ReturnType<typeof readEntry>[]): PolicyFiles {
  return {
    entries: read.flatMap((result) => ('entry' in result ? [result.entry] : [])),
    problems: read.flatMap((result) => ('problems' in result ? result.problems : [])),
    bare: 0,
    bareModules: [],
  };
}

function only(problem: FileProblem): PolicyFiles {
  return { entries: [], problems: [problem], bare: 0, bareModules: [] };
}

/** The same policy twice would be applied twice, and which one holds would be chance. */
function duplicates(entries: readonly PolicyEntry[]): FileProblem[] {
  const seen = new Map<string, PolicyEntry>();
  return entries.flatMap((entry) => {
    const key = JSON.stringify([entry.scope, entry.scopeId, entry.domain, entry.name]);
    const first = seen.get(key);
    if (!first) {
      seen.set(key, entry);
      return [];
    }
    const message = `"${entry.name}" of ${entry.scope} "${entry.scopeId}" for ${entry.domain} stands at ${first.file}:${first.line} already`;
    return [{ file: entry.file, line: entry.line, path: 'name', message }];
  });
}

function whyUnreadable({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'is a folder: name the files in it';
  if (code === 'EACCES') return 'no right to read it';
  return message;
}
