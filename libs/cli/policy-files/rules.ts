/** What is wrong with a rules document. `path` is dotted, empty for the whole; `line` counts from 1. */
export interface DocumentIssue {
  readonly path: string;
  readonly message: string;
  readonly line?: number;
}

export type CheckedDocument =
  { readonly ok: true; readonly document: unknown } | { readonly ok: false; readonly issues: readonly DocumentIssue[] };

/** A policy at its place in the hierarchy. */
export interface PlacedPolicy {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly scope: string;
  readonly scopeId: string;
  readonly domain: string;
  readonly document: unknown;
}

/** A field that asks for more than a policy above allows. */
export interface Violation {
  readonly field: string;
  readonly parentPolicy: Omit<PlacedPolicy, 'document' | 'domain'>;
  readonly parentValue: unknown;
  readonly value: unknown;
}

/** The rules by which policies are written, the very ones that the service goes by. */
export interface PolicyRules {
  /** From the widest to the narrowest. */
  readonly scopes: readonly string[];
  readonly domains: readonly string[];
  /** Reads a rules document from YAML or JSON text. */
  parse(domain: string, text: string): CheckedDocument;
  /** Checks a rules document that has been read already. */
  check(domain: string, content: unknown, lineOf: (path: PropertyKey[]) => number | undefined): CheckedDocument;
  /** The fields of a document that are wider than the policies above it. */
  findWidening(domain: string, document: unknown, above: readonly PlacedPolicy[]): readonly Violation[];
}
