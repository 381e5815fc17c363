import { isMap, isScalar, LineCounter, parseDocument as parseYaml, visit, type Document, type Node } from 'yaml';
import { type z } from 'zod';
import { type Domain } from './domains.ts';
import { DOCUMENT_SCHEMAS, type Documents, show } from './schemas.ts';

/** One thing wrong with a document. `path` is dotted (`actions.email_send`, `blocked.0`), empty for the whole text. */
export interface DocumentIssue {
  path: string;
  message: string;
  /** Line of the text, from 1, where it is known. */
  line?: number;
}

export type ParsedDocument<D extends Domain> =
  { ok: true; document: Documents[D] } | { ok: false; issues: DocumentIssue[] };

/** Bytes of UTF-8. Enough for two thousand named actions; what is larger is not read at all. */
export const MAX_DOCUMENT_BYTES = 128 * 1024;
/** YAML aliases a text may resolve, so that a small text cannot grow into a large document. */
const MAX_ALIASES = 32;
/** Levels of nesting; the deepest known field lies at three. */
const MAX_DEPTH = 16;
/** More than this is noise: the first ones are mended first. */
const MAX_ISSUES = 50;
/** The tags of JSON's own kinds of values; any other would make something else of a text. */
const PLAIN_TAGS = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads a rules document from YAML 1.2 or JSON text and checks it against its domain.
 *
 * An empty text or an empty map is a document without opinion. Refused, with path, line and what would be accepted:
 * syntax errors, duplicate keys, tags of one's own, several documents in one text, keys that are not text or that
 * touch prototypes, unknown fields and wrong values. Never throws.
 */
export function parseDocument<D extends Domain>(domain: D, text: string): ParsedDocument<D> {
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > MAX_DOCUMENT_BYTES) {
    return refused([whole(`the document must be at most ${MAX_DOCUMENT_BYTES} bytes; ${bytes} were given`)]);
  }
  try {
    return readDocument(domain, text);
  } catch (error) {
    // An alias bomb, or nesting that exhausts the stack of the parser.
    const fault = error instanceof RangeError ? TOO_DEEP : error instanceof Error ? error.message : String(error);
    return refused([whole(`the document cannot be read: ${fault}`)]);
  }
}

function readDocument<D extends Domain>(domain: D, text: string): ParsedDocument<D> {
  const lines = new LineCounter();
  const tree = parseYaml(text, { schema: 'core', uniqueKeys: true, prettyErrors: false, lineCounter: lines });
  const faults = [...tree.errors, ...tree.warnings].map((fault) =>
    whole(`the document cannot be read: ${fault.message}`, lines.linePos(fault.pos[0]).line),
  );
  if (faults.length > 0) return refused(faults);
  const hostile = hostileNodes(tree, lines);
  if (hostile.length > 0) return refused(hostile);
  const content: unknown = tree.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
  return checkDocument(domain, content, (path) => lineOf(tree, path, lines));
}

/**
 * Checks an already parsed document (JSON from a request, a row of the store) against its domain.
 * `lineOf` turns a path into a line of the original text, where there is one.
 */
export function checkDocument<D extends Domain>(
  domain: D,
  content: unknown,
  lineOf: (path: PropertyKey[]) => number | undefined = () => undefined,
): ParsedDocument<D> {
  const result = DOCUMENT_SCHEMAS[domain].safeParse(content);
  if (result.success) return { ok: true, document: result.data as Documents[D] };
  const issues = result.error.issues.flatMap((issue) =>
    located(issue).map(({ path, message }) => {
      const line = lineOf(path);
      const field = path.map(String).join('.');
      const subject = field === '' ? `the ${domain} document` : field;
      return { path: field, message: `${subject} ${message}`, ...(line === undefined ? {} : { line }) };
    }),
  );
  return refused(issues);
}

/** One entry for each field at fault: Zod reports all unknown keys of a map, or the fault of a key, as one issue. */
function located(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: issue.message }));
  }
  const inner = issue.code === 'invalid_key' ? issue.issues[0] : undefined;
  return [{ path: issue.path, message: inner?.message ?? issue.message }];
}

const TOO_DEEP = `it must not nest deeper than ${MAX_DEPTH} levels`;

function refused(issues: DocumentIssue[]): { ok: false; issues: DocumentIssue[] } {
  return { ok: false, issues: issues.slice(0, MAX_ISSUES) };
}

function whole(message: string, line?: number): DocumentIssue {
  return { path: '', message, ...(line === undefined ? {} : { line }) };
}

/** Keys that are no plain text or reach into prototypes, tags of another kind, nesting beyond any known field. */
function hostileNodes(tree: Document.Parsed, lines: LineCounter): DocumentIssue[] {
  const issues: DocumentIssue[] = [];
  visit(tree, {
    Node: (_key, node, ancestors) => {
      const tag = (node as { tag?: string }).tag;
      if (tag !== undefined && !PLAIN_TAGS.test(tag)) {
        issues.push(whole(`the tag ${tag} is not accepted`, lines.linePos(node.range?.[0] ?? 0).line));
      }
      if (ancestors.length <= MAX_DEPTH * 2) return undefined;
      issues.push(whole(`the document cannot be read: ${TOO_DEEP}`));
      return visit.BREAK;
    },
    Pair: (_position, pair) => {
      const key = isScalar(pair.key) ? pair.key.value : undefined;
      const line = lines.linePos((pair.key as Node | null)?.range?.[0] ?? 0).line;
      if (typeof key !== 'string') issues.push(whole(`keys must be text; ${show(key ?? null)} was given`, line));
      else if (FORBIDDEN_KEYS.has(key)) issues.push({ ...whole(`${key} is not accepted as a key`, line), path: key });
      return undefined;
    },
  });
  return issues;
}

/** The line of a field, or of the nearest thing above it that stands in the text. */
function lineOf(tree: Document.Parsed, path: PropertyKey[], lines: LineCounter): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const parent = tree.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const key = isMap(parent)
      ? parent.items.find((pair) => isScalar(pair.key) && pair.key.value === last)?.key
      : tree.getIn(path.slice(0, length), true);
    const start = (key as Node | undefined)?.range?.[0];
    if (start !== undefined) return lines.linePos(start).line;
  }
  return undefined;
}
