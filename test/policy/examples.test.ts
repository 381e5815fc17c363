import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpaCommand } from '#libs/opa';
import { OpaModuleChecker, testModules } from '../../src/policy/modules/index.ts';
import { type Domain } from '../../src/policy/rules/index.ts';
import { opaBinary } from './opa.ts';

const EXAMPLES = join('policies', 'examples');
const names = readdirSync(EXAMPLES)
  .filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'))
  .map((name) => name.slice(0, -'.rego'.length));
const opa = new OpaCommand(opaBinary());
const read = (name: string) => readFileSync(join(EXAMPLES, name), 'utf8');

/** The domain that the example's own comment names. */
const domainOf = (source: string) => /^# .*\bDomain ([a-z-]+)/m.exec(source)?.[1] as Domain;

describe.each(names)('the example module %s', (name) => {
  const source = read(`${name}.rego`);

  test('may be written', async () => {
    expect(await new OpaModuleChecker(opa).check(domainOf(source), source)).toEqual([]);
  });

  test('passes its tests, which reach every line', async () => {
    const result = await testModules(opa, { 'module.rego': source, 'module_test.rego': read(`${name}_test.rego`) });
    expect(result).toMatchObject({ ok: true, coverage: 100, uncovered: [] });
    expect(result.passed).toBeGreaterThan(2);
  });

  test('is formatted', async () => {
    const listed = await opa.within({ 'm.rego': source, 't.rego': read(`${name}_test.rego`) }, (folder) =>
      folder.run(['fmt', '--list', 'm.rego', 't.rego']),
    );
    expect(listed).toMatchObject({ code: 0, stdout: '' });
  });
});
