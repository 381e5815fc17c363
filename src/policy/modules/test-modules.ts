import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { OpaCommand, OpaRun } from '#libs/opa';
import { capabilitiesForTests } from './capabilities.ts';
import { MODULE_LIBRARY } from './module-checker.ts';

/** The outcome of a module's own tests. */
export interface TestOutcome {
  /** False where a test failed, or nothing could be run. */
  readonly ok: boolean;
  readonly passed: number;
  readonly failures: readonly { readonly test: string; readonly file: string; readonly line: number }[];
  /** Of the modules themselves, not of their tests: percent of lines reached, and those that are not. */
  readonly coverage: number;
  readonly uncovered: readonly { readonly file: string; readonly from: number; readonly to: number }[];
  /** Why nothing could be run. */
  readonly problem?: string;
}

interface Result {
  readonly name: string;
  readonly fail?: boolean;
  readonly error?: unknown;
  readonly location: { readonly file: string; readonly row: number };
}

interface Coverage {
  readonly files: Readonly<
    Record<string, { readonly covered?: readonly Range[]; readonly not_covered?: readonly Range[] }>
  >;
}

interface Range {
  readonly start: { readonly row: number };
  readonly end: { readonly row: number };
}

const LIBRARY = 'openclaw-lib.rego';
const LIMITS = { timeoutMs: 60_000 };
const NOTHING = { ok: false, passed: 0, failures: [], coverage: 0, uncovered: [] };

/**
 * Runs `opa test` over modules and their tests (`…_test.rego`), by file name, under the capabilities that modules have;
 * tests may also use `with`. Modules that share a package must be given one at a time.
 * @throws OpaCommandMissing
 */
export async function testModules(
  opa: OpaCommand,
  files: Readonly<Record<string, string>>,
  library = MODULE_LIBRARY,
): Promise<TestOutcome> {
  const lib = await readFile(join(library, 'order.rego'), 'utf8');
  return opa.within({ ...files, [LIBRARY]: lib }, async (folder) => {
    await folder.write('capabilities.json', await capabilitiesForTests(folder));
    const names = [...Object.keys(files), LIBRARY];
    const run = (...flags: string[]) =>
      folder.run(['test', '--format', 'json', '--capabilities', 'capabilities.json', ...flags, ...names], LIMITS);
    const results = parsed<Result[]>(await run());
    if (typeof results === 'string') return { ...NOTHING, problem: results };
    const failures = results
      .filter(({ fail, error }) => fail || error !== undefined)
      .map(({ name, location }) => ({ test: name, file: basename(location.file), line: location.row }));
    const passed = results.length - failures.length;
    const report = failures.length > 0 ? { files: {} } : parsed<Coverage>(await run('--coverage'));
    if (typeof report === 'string') return { ...NOTHING, passed, problem: report };
    if (results.length === 0)
      return { ...NOTHING, problem: 'there are no tests: a test is a rule whose name begins with test_' };
    return { ok: failures.length === 0, passed, failures, ...covered(report) };
  });
}

function covered({ files }: Coverage): Pick<TestOutcome, 'coverage' | 'uncovered'> {
  let [reached, all] = [0, 0];
  const uncovered: TestOutcome['uncovered'][number][] = [];
  for (const [path, { covered: yes = [], not_covered: no = [] }] of Object.entries(files)) {
    const file = basename(path);
    if (file === LIBRARY || file.endsWith('_test.rego')) continue;
    reached += lines(yes);
    all += lines(yes) + lines(no);
    for (const { start, end } of no) uncovered.push({ file, from: start.row, to: end.row });
  }
  return { coverage: all === 0 ? 0 : Math.round((1000 * reached) / all) / 10, uncovered };
}

function lines(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end.row - start.row + 1, 0);
}

/** What OPA wrote as JSON, or its words where it wrote none. */
function parsed<T>({ stdout, stderr, killed }: OpaRun): T | string {
  if (killed) return killed === 'time' ? 'the tests take too long' : 'the tests write too much';
  try {
    const value = JSON.parse(stdout) as T & {
      errors?: { message: string; location?: { file: string; row: number } }[];
    };
    if (!value?.errors) return value ?? ([] as T);
    return value.errors
      .map(({ message, location }) => `${location ? `${basename(location.file)}:${location.row}: ` : ''}${message}`)
      .join('\n');
  } catch {
    return (stderr || stdout).trim().slice(0, 2_000) || 'OPA says nothing';
  }
}
