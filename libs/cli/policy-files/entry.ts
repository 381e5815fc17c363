import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import semver from 'semver';
import { LineCounter, parseDocument, stringify } from 'yaml';
import type { ModuleText } from './modules.ts';
import type { FileProblem } from './problems.ts';
import type { CheckedDocument, PolicyRules } from './rules.ts';
import { firstLineOfText, lineOfPath, pathOfField, type YamlDocument } from './yaml-file.ts';

/** A policy as it stands in a file. */
export interface PolicyEntry {
  readonly file: string;
  readonly line: number;
  readonly scope: string;
  readonly scopeId: string;
  readonly domain: string;
  readonly name: string;
  readonly version: string;
  readonly changeReason?: string;
  readonly status?: 'draft' | 'active';
  /** The rules document as text; undefined where the policy is a Rego module. */
  readonly content?: string;
  /** The rules document, read and checked. */
  readonly document?: unknown;
  /** The Rego module, and where it stands. It is checked apart from the rest: that takes an OPA program. */
  readonly module?: ModuleText;
  /** Where a field of the content stands in the file: its dotted path from the top, and its line. */
  locate(field: string): { path: string; line: number | undefined };
}

export type ReadEntry = { readonly entry: PolicyEntry } | { readonly problems: readonly FileProblem[] };

const FIELDS = [
  'scope',
  'scopeId',
  'domain',
  'name',
  'version',
  'content',
  'rego',
  'regoFile',
  'changeReason',
  'status',
];
const TEXTS = ['content', 'rego', 'regoFile'];

/** Reads the policy that stands at `base` of a document. */
export function readEntry(
  file: string,
  document: YamlDocument,
  base: readonly PropertyKey[],
  given: unknown,
  rules: PolicyRules,
): ReadEntry {
  const at = (path: readonly PropertyKey[], message: string): FileProblem => ({
    file,
    line: lineOfPath(document, [...base, ...path]),
    path: [...base, ...path].map(String).join('.'),
    message,
  });
  if (!isRecord(given)) return { problems: [at([], `must be a policy: a map with the fields ${FIELDS.join(', ')}`)] };
  const problems = fieldFaults(given, rules).map(([field, message]) => at([field], message));
  if (problems.some(({ path }) => path.endsWith('domain'))) return { problems };

  const texts = TEXTS.filter((field) => given[field] !== undefined);
  if (texts.length > 1)
    problems.push(at([], `must have one of ${TEXTS.join(', ')}; ${texts.join(' and ')} were given`));
  if (texts[0] === 'rego' || texts[0] === 'regoFile') {
    const module = moduleOf(file, document, base, given, texts[0]);
    if (typeof module === 'string') problems.push(at([texts[0]], module));
    if (problems.length > 0 || typeof module === 'string') return { problems };
    const { scope, scopeId, domain, name, version, changeReason, status } = given as unknown as PolicyEntry;
    return {
      entry: {
        ...{ scope, scopeId, domain, name, version, file, module },
        ...(changeReason === undefined ? {} : { changeReason }),
        ...(status === undefined ? {} : { status }),
        line: lineOfPath(document, base) ?? 1,
        locate: (field) => ({ path: [...base, field].map(String).join('.'), line: lineOfPath(document, base) }),
      },
    };
  }

  const source = contentOf(document, base, given.content, String(given.domain), rules);
  if (!source.checked.ok) {
    for (const issue of source.checked.issues) {
      problems.push({
        file,
        line: issue.line ?? lineOfPath(document, [...base, 'content']),
        path: [...base, 'content', ...(issue.path ? [issue.path] : [])].map(String).join('.'),
        message: withoutPath(issue.message, issue.path),
      });
    }
    return { problems };
  }
  if (problems.length > 0) return { problems };
  return {
    entry: {
      ...(given as Pick<PolicyEntry, 'scope' | 'scopeId' | 'domain' | 'name' | 'version' | 'changeReason' | 'status'>),
      file,
      line: lineOfPath(document, base) ?? 1,
      content: source.text,
      document: source.checked.document,
      locate: (field) => ({
        path: [...base, 'content', field].map(String).join('.'),
        line: source.lineOf(field),
      }),
    },
  };
}

function fieldFaults(given: Readonly<Record<string, unknown>>, { scopes, domains }: PolicyRules): [string, string][] {
  const faults: [string, string][] = [];
  const shown = (field: string) =>
    given[field] === undefined ? 'it is missing' : `${JSON.stringify(given[field])} was given`;
  const oneOf = (field: string, words: readonly string[]) => {
    if (!words.includes(given[field] as string))
      faults.push([field, `must be one of ${words.join(', ')}; ${shown(field)}`]);
  };
  oneOf('scope', scopes);
  oneOf('domain', domains);
  for (const field of ['scopeId', 'name']) {
    if (typeof given[field] !== 'string' || given[field].trim() === '')
      faults.push([field, `must be text; ${shown(field)}`]);
  }
  const { version } = given;
  if (typeof version !== 'string' || semver.valid(version) !== version) {
    faults.push(['version', `must be a semantic version in quotes, such as "1.0.0"; ${shown('version')}`]);
  }
  if (given.status !== undefined) oneOf('status', ['draft', 'active']);
  if (
    given.changeReason !== undefined &&
    (typeof given.changeReason !== 'string' || given.changeReason.trim().length < 3)
  ) {
    faults.push(['changeReason', `must say in a few words why (at least 3 characters); ${shown('changeReason')}`]);
  }
  for (const field of Object.keys(given)) {
    if (!FIELDS.includes(field)) faults.push([field, `is not a field of a policy; accepted are ${FIELDS.join(', ')}`]);
  }
  return faults;
}

/** `rego: |` with the module itself, or `regoFile:` with its file, named from where the YAML file is. */
function moduleOf(
  file: string,
  document: YamlDocument,
  base: readonly PropertyKey[],
  given: Readonly<Record<string, unknown>>,
  field: 'rego' | 'regoFile',
): ModuleText | string {
  const text = given[field];
  const domain = String(given.domain);
  if (typeof text !== 'string')
    return field === 'rego' ? 'must be a Rego module, as text' : 'must be the name of a file';
  if (field === 'rego') {
    const place = [...base, field];
    const offset = firstLineOfText(document, place) - 1;
    return { file, path: place.map(String).join('.'), domain, source: text, offset };
  }
  const path = join(dirname(file), text);
  try {
    return { file: path, path: '', domain, source: readFileSync(path, 'utf8'), offset: 0 };
  } catch (error) {
    return `cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message} (${path})`;
  }
}

interface Content {
  readonly text: string;
  readonly checked: CheckedDocument;
  lineOf(field: string): number | undefined;
}

/** Rules are written as text (`content: |`) or directly as a map. */
function contentOf(
  document: YamlDocument,
  base: readonly PropertyKey[],
  given: unknown,
  domain: string,
  rules: PolicyRules,
): Content {
  const place = [...base, 'content'];
  if (typeof given === 'string') {
    const offset = firstLineOfText(document, place) - 1;
    const checked = rules.parse(domain, given);
    const lines = new LineCounter();
    const inner = () => ({ tree: parseDocument(given, { lineCounter: lines }), lines });
    return {
      text: given,
      checked: checked.ok ? checked : { ok: false, issues: checked.issues.map((issue) => moved(issue, offset)) },
      lineOf: (field) => {
        const within = inner();
        const line = lineOfPath(within, pathOfField(within, [], field));
        return line === undefined ? undefined : line + offset;
      },
    };
  }
  const checked: CheckedDocument = isRecord(given)
    ? rules.check(domain, given, (path) => lineOfPath(document, [...place, ...path]))
    : { ok: false, issues: [{ path: '', message: 'must be the rules document, as text or as a map' }] };
  return {
    text: stringify(given ?? null),
    checked,
    lineOf: (field) => lineOfPath(document, pathOfField(document, place, field)),
  };
}

function moved<T extends { line?: number }>(issue: T, offset: number): T {
  return issue.line === undefined ? issue : { ...issue, line: issue.line + offset };
}

/** The rules begin their messages with the path, which the line has already. */
export function withoutPath(message: string, path: string): string {
  return path !== '' && message.startsWith(`${path} `) ? message.slice(path.length + 1) : message;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
