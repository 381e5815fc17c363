import type { FileProblem } from './problems.ts';

/** What is wrong with a Rego module; the message names line and rule itself. */
export interface ModuleIssue {
  readonly message: string;
  readonly line?: number | undefined;
  readonly rule?: string | undefined;
}

/** The outcome of a module's own tests. */
export interface TestOutcome {
  readonly ok: boolean;
  readonly passed: number;
  readonly failures: readonly { readonly test: string; readonly file: string; readonly line: number }[];
  /** Percent of the module's lines that the tests reach. */
  readonly coverage: number;
  readonly uncovered: readonly { readonly file: string; readonly from: number; readonly to: number }[];
  readonly problem?: string;
}

/** The checks of Rego modules, the very ones that the service goes by. They run an OPA program. */
export interface PolicyModules {
  check(domain: string, source: string): Promise<readonly ModuleIssue[]>;
  test(files: Readonly<Record<string, string>>): Promise<TestOutcome>;
}

/** A module as it stands in a file, and the line of the file before its first one. */
export interface ModuleText {
  readonly file: string;
  readonly path: string;
  readonly domain: string;
  readonly source: string;
  readonly offset: number;
}

/** The problems of modules, at their lines in the files. */
export async function moduleProblems(
  texts: readonly ModuleText[],
  modules: PolicyModules,
): Promise<readonly FileProblem[]> {
  const found: FileProblem[] = [];
  for (const { file, path, domain, source, offset } of texts) {
    for (const { message, line, rule } of await modules.check(domain, source)) {
      const text = rule === undefined ? message : `rule ${rule}: ${message}`;
      found.push({ file, line: (line ?? 1) + offset, path, message: text });
    }
  }
  return found;
}
