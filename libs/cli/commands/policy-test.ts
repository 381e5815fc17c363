import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type Registry, runs, teach } from '../command.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../errors.ts';
import type { TestOutcome } from '../policy-files/modules.ts';

interface TestOptions {
  readonly threshold: number;
}

/** A module with the file of its tests. */
interface Tested {
  readonly module: string;
  readonly tests: string;
}

const TESTS = '_test.rego';

export function registerTest(group: Command, registry: Registry): void {
  const command = group
    .command('test')
    .argument('<file or folder...>', 'Rego modules, their tests, or folders with both')
    .summary("run the tests of Rego modules, and say what they don't reach")
    .description(
      'Runs the tests of Rego modules with OPA, under the built-in functions that modules may use. The tests of rules.rego ' +
        'are the rules in rules_test.rego beside it whose names begin with test_. Says for each module how many tests pass, ' +
        'how much of it they reach, and the lines that they do not.',
    )
    .option('--threshold <percent>', 'fail where the tests reach less of a module', percent, 0);
  teach(command, {
    examples: [
      'oce policy test policies/examples',
      'oce policy test amount-limit.rego --threshold 100',
      'oce policy test policies/examples --json | jq ".modules[].coverage"',
    ],
    exits: { 1: 'a test fails, cannot be run, or reaches too little', 69: '' },
  });
  runs<TestOptions>(command, registry, async (context, { threshold }, paths) => {
    const tested = await findTests(paths);
    const modules = await context.modules();
    const outcomes = [];
    for (const { module, tests } of tested) {
      const files = {
        [basename(module)]: await readFile(module, 'utf8'),
        [basename(tests)]: await readFile(tests, 'utf8'),
      };
      const outcome = await modules.test(files);
      const ok = outcome.ok && outcome.coverage >= threshold;
      outcomes.push({ module, ...outcome, ok });
      if (!context.asJson) tell(context, module, outcome, threshold);
    }
    const ok = outcomes.every((outcome) => outcome.ok);
    if (context.asJson) context.terminal.json({ ok, modules: outcomes });
    return ok ? EXIT.ok : EXIT.failed;
  });
}

function tell({ terminal }: Context, module: string, outcome: TestOutcome, threshold: number): void {
  const at = (file: string) => join(dirname(module), file);
  const enough = outcome.coverage >= threshold;
  const mark = outcome.ok && enough ? terminal.style('green', '✓') : terminal.style('red', '✗');
  if (outcome.problem !== undefined) {
    terminal.out(`${mark} ${module}: ${outcome.problem}`);
    return;
  }
  const { passed, failures, coverage } = outcome;
  const told = `${passed} ${passed === 1 ? 'test passes' : 'tests pass'}${failures.length > 0 ? `, ${failures.length} fail` : ''}`;
  terminal.out(
    `${mark} ${module}: ${told}${failures.length > 0 ? '' : `, coverage ${coverage} %${enough ? '' : `, less than the ${threshold} % asked for`}`}`,
  );
  for (const { test, file, line } of failures) terminal.out(`  ${at(file)}:${line}: ${test} fails`);
  for (const { file, from, to } of outcome.uncovered)
    terminal.out(`  ${at(file)}:${from}: no test reaches ${from === to ? 'this line' : `lines ${from} to ${to}`}`);
}

async function findTests(paths: readonly string[]): Promise<Tested[]> {
  const files = (await Promise.all(paths.map(regoFiles))).flat();
  const modules = [
    ...new Set(files.map((file) => (file.endsWith(TESTS) ? file.replace(/_test\.rego$/, '.rego') : file))),
  ];
  if (modules.length === 0) throw new CliError(`There is no Rego module in ${paths.join(', ')}.`);
  const tested = modules.map((module) => ({ module, tests: module.replace(/\.rego$/, TESTS) }));
  for (const { module, tests } of tested) {
    for (const file of [module, tests]) {
      const found = await stat(file).catch(() => undefined);
      if (!found?.isFile())
        throw new CliError(`${file}: there is no such file; ${module} is tested by ${basename(tests)}.`);
    }
  }
  return tested;
}

async function regoFiles(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) {
    if (path.endsWith('.rego')) return [path];
    throw new CliError(`${path}: is no Rego module (.rego)`);
  }
  return (await readdir(path))
    .filter((name) => name.endsWith('.rego'))
    .sort()
    .map((name) => join(path, name));
}

function percent(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || value > 100)
    throw new InvalidArgumentError('It must be 0 to 100 percent.');
  return value;
}
