import type { OpaFolder } from '#libs/opa';
import type { Module, Rule } from './ast.ts';
import type { ModuleIssue } from './contract.ts';
import { nameOf } from './inspect.ts';

/**
 * Where a module is written in the syntax before Rego 1.0, the lines to change and what to write instead; undefined
 * where it is no Rego of either kind. `faults` are what OPA finds wrong with it as Rego 1.0.
 */
export async function oldSyntax(
  folder: OpaFolder,
  file: string,
  source: string,
  faults: readonly ModuleIssue[],
): Promise<ModuleIssue[] | undefined> {
  const before = await parse(folder, file, ['--v0-compatible']);
  if (!before) return undefined;
  const formatted = await folder.run(['fmt', '--v0-compatible', '--v0-v1', '--drop-v0-imports', file]);
  if (formatted.code !== 0) return undefined;
  const text = withoutImports(formatted.stdout);
  await folder.write('new.rego', text);
  const after = await parse(folder, 'new.rego', []);
  const lines = source.split('\n');
  const seen = new Set<number>();
  const issues: ModuleIssue[] = [];
  for (const { line, message, column } of faults) {
    if (line === undefined || seen.has(line)) continue;
    seen.add(line);
    const reasons = faults.filter((fault) => fault.line === line).map((fault) => fault.message);
    const at = before.rules?.findIndex((rule) => rule.location?.row === line) ?? -1;
    const advice = /^\s*import\s+(future|rego)\./.test(lines[line - 1] ?? '')
      ? 'leave the line out'
      : adviceFor(at, before.rules, after?.rules, lines, text.split('\n'));
    const rule = at >= 0 ? nameOf(before.rules![at]!) : undefined;
    const why = advice === undefined ? message : `${reasons.join('; ')}; ${advice}`;
    issues.push({ message: `this is the syntax before Rego 1.0: ${why}`, line, column, ...(rule && { rule }) });
  }
  return issues;
}

/** `write "deny contains msg if {" instead of "deny[msg] {"`; the whole rule where its body changes too. */
function adviceFor(
  at: number,
  before: readonly Rule[] | undefined,
  after: readonly Rule[] | undefined,
  oldLines: readonly string[],
  newLines: readonly string[],
): string | undefined {
  const [was, is] = [before?.[at], after?.[at]];
  if (!was?.location || !is?.location || before?.length !== after?.length) return undefined;
  const was1 = oldLines[was.location.row - 1]!.trim();
  const is1 = newLines[is.location.row - 1]!.trim();
  return `write "${is1}" instead of "${was1}"`;
}

/** What the formatter adds so that older versions read it too; Rego 1.0 needs none of it. */
function withoutImports(text: string): string {
  return text
    .split('\n')
    .filter((line) => line !== 'import rego.v1')
    .join('\n');
}

async function parse(folder: OpaFolder, file: string, flags: readonly string[]): Promise<Module | undefined> {
  const run = await folder.run(['parse', '--format', 'json', '--json-include', 'locations', ...flags, file]);
  return run.code === 0 && run.killed === null ? (JSON.parse(run.stdout) as Module) : undefined;
}
