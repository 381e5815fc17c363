/** Rego's syntax tree as `opa parse --format json` writes it, as far as a module may use it. Source: OPA's `v1/ast`. */

export interface Location {
  readonly row: number;
  readonly col: number;
}

export interface Term {
  readonly location?: Location;
  readonly type: string;
  readonly value: unknown;
}

export interface Expression {
  readonly location?: Location;
  /** A call (operator and operands), a term, `some …` or `every …`. */
  readonly terms: Term | readonly Term[] | { readonly symbols: readonly Term[] } | Every;
  readonly with?: readonly { readonly location?: Location }[];
}

export interface Every {
  readonly key: Term | null;
  readonly value: Term;
  readonly domain: Term;
  readonly body: readonly Expression[];
}

export interface Rule {
  readonly location?: Location;
  readonly default?: boolean;
  readonly head: {
    readonly location?: Location;
    readonly ref: readonly Term[];
    readonly args?: readonly Term[];
    /** The member, of a partial set. */
    readonly key?: Term;
    readonly value?: Term;
  };
  readonly body: readonly Expression[];
  readonly else?: Rule;
}

export interface Module {
  readonly package: { readonly location?: Location; readonly path: readonly Term[] };
  readonly imports?: readonly { readonly location?: Location; readonly path: Term; readonly alias?: string }[];
  readonly rules?: readonly Rule[];
  readonly comments?: readonly { readonly Location?: Location; readonly Text?: string }[];
}

/** The words of a reference as far as they are fixed: `data.openclaw.lib[x]` gives `data`, `openclaw`, `lib`. */
export function fixedPath(ref: readonly Term[]): string[] {
  const words: string[] = [];
  for (const [at, term] of ref.entries()) {
    if (typeof term.value !== 'string' || term.type !== (at === 0 ? 'var' : 'string')) break;
    words.push(term.value);
  }
  return words;
}
