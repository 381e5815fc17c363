import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { OpaCommand, OpaFolder, OpaRun } from '#libs/opa';
import { AUTONOMY, type Domain } from '../rules/index.ts';
import type { Module } from './ast.ts';
import { capabilitiesForModules } from './capabilities.ts';
import { CONSTRAINTS, CONTRACT, MAX_MESSAGES, MAX_MODULE_BYTES, type ModuleIssue } from './contract.ts';
import { inspectModule, nameOf } from './inspect.ts';
import { oldSyntax } from './old-syntax.ts';
import { findPackageClause, MODULE_PACKAGE } from './package-clause.ts';
import { patternsOf, sampleInputs } from './samples.ts';

/** What a module may use of the base policies: `openclaw.lib`. */
export const MODULE_LIBRARY = join('policies', 'base', 'lib');

/** Says what is wrong with a Rego module; nothing where it may be written. */
export abstract class ModuleChecker {
  /** @throws OpaCommandMissing, OpaCommandBusy where it cannot be checked now */
  abstract check(domain: Domain, source: string): Promise<ModuleIssue[]>;

  /**
   * Changes with whatever may change the outcome: the library that modules may use, the OPA that reads them, the rules here.
   * @throws OpaCommandMissing, OpaCommandBusy
   */
  abstract fingerprint(): Promise<string>;
}

const FILE = 'module.rego';
/** All evaluations of the trial together, in milliseconds. */
const TRIAL_MS = 1_000;
const CHECK_MS = 5_000;
const TREE_BYTES = 16 * 1024 * 1024;
const TRIAL_BYTES = 1024 * 1024;

/**
 * Checks with a real OPA, in this order: the text itself, the syntax tree, `opa check --strict` under a capabilities file
 * that knows the permitted built-ins and nothing else, and a trial with sample requests under a time limit.
 */
export class OpaModuleChecker extends ModuleChecker {
  private names?: ReadonlySet<string>;
  private capabilities?: { readonly binary: string; readonly text: string };

  /** @param library folder of the Rego that modules may use */
  constructor(
    private readonly opa: OpaCommand,
    private readonly library = MODULE_LIBRARY,
  ) {
    super();
  }

  async check(domain: Domain, source: string): Promise<ModuleIssue[]> {
    const unreadable = checkText(source);
    if (unreadable.length > 0) return unreadable;
    const library = await readFile(join(this.library, 'order.rego'), 'utf8');
    return this.opa.within({ [FILE]: source, 'lib.rego': library }, async (folder) => {
      const tree = await folder.run(['parse', '--format', 'json', '--json-include', 'locations,comments', FILE], {
        timeoutMs: CHECK_MS,
        outputBytes: TREE_BYTES,
      });
      if (tree.killed) return [unbounded('to read', tree)];
      if (tree.code !== 0) {
        const faults = faultsOf(tree);
        return (await oldSyntax(folder, FILE, source, faults)) ?? faults;
      }
      const module = JSON.parse(tree.stdout) as Module;
      const found = inspectModule(module, domain, await this.libraryNames(folder));
      if (found.length > 0) return found;
      await folder.write('capabilities.json', await this.capabilitiesOf(folder));
      const strict = await folder.run(
        ['check', '--strict', '--format', 'json', '--capabilities', 'capabilities.json', FILE, 'lib.rego'],
        { timeoutMs: CHECK_MS },
      );
      if (strict.killed) return [unbounded('to check', strict)];
      if (strict.code !== 0) return faultsOf(strict);
      return this.trial(folder, domain, module);
    });
  }

  async fingerprint(): Promise<string> {
    const { dirname } = import.meta;
    const own = (await readdir(dirname)).filter((name) => /\.[jt]s$/.test(name) && !/\.(test|d)\./.test(name));
    const rules = await Promise.all(own.sort().map((name) => readFile(join(dirname, name), 'utf8')));
    const library = await readFile(join(this.library, 'order.rego'), 'utf8');
    const capabilities = await this.opa.within({}, (folder) => this.capabilitiesOf(folder));
    return createHash('sha256')
      .update(JSON.stringify([library, capabilities, rules]))
      .digest('base64url')
      .slice(0, 22);
  }

  /** Evaluates the module once for each sample: an endless one, a conflict or a wrong type is seen here first. */
  private async trial(folder: OpaFolder, domain: Domain, module: Module): Promise<ModuleIssue[]> {
    await folder.write('input.json', JSON.stringify({ items: sampleInputs(module), patterns: patternsOf(module) }));
    await folder.write('trial.rego', TRIAL);
    const run = await folder.run(
      [
        ...['eval', '--format', 'json', '--timeout', `${TRIAL_MS}ms`, '--capabilities', 'capabilities.json'],
        ...['--input', 'input.json', '--data', FILE, '--data', 'lib.rego', '--data', 'trial.rego'],
        'data.openclaw.trial',
      ],
      { timeoutMs: TRIAL_MS + 2_000, outputBytes: TRIAL_BYTES },
    );
    if (run.killed) return [unbounded('to evaluate', run)];
    if (run.code !== 0) {
      return faultsOf(run).map((fault) =>
        /cancel|timeout|timed out|deadline/i.test(fault.message)
          ? { message: `it takes longer than ${TRIAL_MS} ms to evaluate a few sample requests` }
          : { ...fault, message: `for a sample request it fails: ${fault.message}` },
      );
    }
    const { result = [] } = JSON.parse(run.stdout) as { result?: { expressions: { value: Trial }[] }[] };
    const trial = result[0]?.expressions[0]?.value;
    if (!trial) return [{ message: 'OPA gives no answer to a few sample requests' }];
    const faults = [
      ...trial.invalid_patterns.map((pattern) => ({ message: `regex.match: ${shown(pattern)} is no pattern of RE2` })),
      ...trial.results.flatMap((said) => wrongAnswer(said, domain)),
    ];
    return [...new Map(faults.map((fault) => [fault.message, fault])).values()].slice(0, 5);
  }

  private async libraryNames(folder: OpaFolder): Promise<ReadonlySet<string>> {
    if (!this.names) {
      const { stdout } = await folder.run(['parse', '--format', 'json', 'lib.rego'], { outputBytes: TREE_BYTES });
      this.names = new Set((JSON.parse(stdout) as Module).rules!.map(nameOf));
    }
    return this.names;
  }

  /** Made once for each program. */
  private async capabilitiesOf(folder: OpaFolder): Promise<string> {
    const binary = this.opa.find();
    if (this.capabilities?.binary !== binary)
      this.capabilities = { binary, text: await capabilitiesForModules(folder) };
    return this.capabilities.text;
  }
}

const TRIAL = `package openclaw.trial

invalid_patterns := [pattern | some pattern in input.patterns; not regex.is_valid(pattern)]

results := [said |
	some item in input.items
	said := {
		"autonomy": [value | value := data.${MODULE_PACKAGE}.autonomy with input as item],
		"deny": [value | some value in data.${MODULE_PACKAGE}.deny with input as item],
		"require_approval": [value | some value in data.${MODULE_PACKAGE}.require_approval with input as item],
		"constraints": [value | value := data.${MODULE_PACKAGE}.constraints with input as item],
	}
]
`;

interface Trial {
  readonly results: readonly Said[];
  readonly invalid_patterns: readonly string[];
}

type Said = Record<(typeof CONTRACT)[number], readonly unknown[]>;

function wrongAnswer(said: Said, domain: Domain): ModuleIssue[] {
  const wrong = (rule: string, what: string): ModuleIssue => ({
    rule,
    message: `for a sample request, it gives ${what}`,
  });
  const issues: ModuleIssue[] = [];
  for (const value of said.autonomy) {
    if (!AUTONOMY.includes(value as never))
      issues.push(wrong('autonomy', `${shown(value)}; it must be one of ${AUTONOMY.join(', ')}`));
  }
  for (const rule of ['deny', 'require_approval'] as const) {
    if (said[rule].length > MAX_MESSAGES)
      issues.push(wrong(rule, `${said[rule].length} messages; ${MAX_MESSAGES} are the most`));
    const other = said[rule].find((message) => typeof message !== 'string');
    if (other !== undefined) issues.push(wrong(rule, `${shown(other)}; each message must be a text`));
  }
  for (const value of said.constraints) {
    const fields =
      typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : undefined;
    const unknown = fields?.find((field) => !CONSTRAINTS[domain].includes(field));
    if (!fields) issues.push(wrong('constraints', `${shown(value)}; it must be an object`));
    else if (unknown !== undefined)
      issues.push(wrong('constraints', `"${unknown}"; ${domain} has ${CONSTRAINTS[domain].join(', ')}`));
  }
  return issues;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** What can be told without OPA. */
function checkText(source: string): ModuleIssue[] {
  const bytes = Buffer.byteLength(source, 'utf8');
  if (bytes > MAX_MODULE_BYTES)
    return [{ message: `the module must be at most ${MAX_MODULE_BYTES} bytes; ${bytes} were given` }];
  const strange = /[^\t\n\r\x20-\x7e\u00a0-\u2027\u202f-\u2065\u2070-\ufefe\uff00-\u{10ffff}]|\r(?!\n)/u.exec(source);
  if (strange) {
    const line = source.slice(0, strange.index).split('\n').length;
    const code = strange[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
    return [{ message: `the character U+${code} is not accepted: it controls how text is shown or read`, line }];
  }
  const clause = findPackageClause(source);
  if (clause.ok) return [];
  return [
    {
      message: `a module begins with a line of its own, "package ${MODULE_PACKAGE}", after comments at most`,
      line: clause.line,
    },
  ];
}

function unbounded(what: string, { killed }: OpaRun): ModuleIssue {
  return { message: killed === 'output' ? `its result is too large ${what}` : `it takes too long ${what}` };
}

interface OpaFault {
  readonly message: string;
  readonly location?: { readonly file?: string; readonly row?: number; readonly col?: number };
}

/** The faults that OPA tells as JSON, on whichever stream; its plain words otherwise. */
function faultsOf({ stdout, stderr }: OpaRun): ModuleIssue[] {
  for (const text of [stdout, stderr]) {
    try {
      const { errors = [] } = JSON.parse(text) as { errors?: OpaFault[] };
      if (errors.length > 0) return errors.map(toIssue);
    } catch {
      // the other one
    }
  }
  return plainFaults(stderr || stdout);
}

function toIssue({ message, location }: OpaFault): ModuleIssue {
  const known = location?.file !== undefined && basename(location.file) === FILE;
  return { message: inWords(message), ...(known && { line: location?.row, column: location?.col || undefined }) };
}

/** `module.rego:3: rego_parse_error: …`, as `opa parse` writes it. */
function plainFaults(text: string): ModuleIssue[] {
  const found = [...text.matchAll(/module\.rego:(\d+): (?:\w+: )?(.+)/g)];
  if (found.length === 0) return [{ message: text.trim().slice(0, 300) || 'OPA cannot read it and says nothing' }];
  return found.map(([, line, message]) => ({ message: inWords(message!), line: Number(line) }));
}

function inWords(message: string): string {
  return message.replaceAll('`', '"').slice(0, 500);
}
