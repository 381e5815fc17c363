import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { type Finished, oce } from './run-oce.ts';

/** `oce policy check`, `test` and `apply` with Rego modules: the real command, a real OPA, a real gateway. */

let gateway: TestGateway;
let folder: string;
const at = (name: string) => join(folder, name);
const run = (...args: string[]): Promise<Finished> => oce(args, { OPA_BIN: process.env.OPA_BIN! });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oce-cli-modules-'));
  for (const name of ['amount-limit.rego', 'amount-limit_test.rego'])
    copyFileSync(join('policies', 'examples', name), at(name));
  gateway = await startTestGateway();
  await oce(['--help']); // builds, if the sources are newer than the build
}, 120_000);
afterAll(async () => {
  await gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const wrapped = (text: string) =>
  ['scope: team', 'scopeId: platform', 'domain: actions', 'name: Limits', 'version: "1.0.0"', text, ''].join('\n');

it('check takes modules alone, in a policy, and by file, and tells their faults at the line of the file', async () => {
  writeFileSync(at('by-file.yaml'), wrapped('regoFile: amount-limit.rego'));
  writeFileSync(at('bad.yaml'), wrapped('rego: |\n  package openclaw.policy\n\n  deny contains http.send({}).body'));
  writeFileSync(at('both.yaml'), wrapped('content: {}\nregoFile: amount-limit.rego'));
  expect(await run('policy', 'check', at('amount-limit.rego'), at('by-file.yaml'))).toMatchObject({ code: 0 });
  const bad = await run('policy', 'check', at('bad.yaml'), at('both.yaml'));
  expect(bad.code).toBe(1);
  expect(bad.stdout).toContain(`${at('bad.yaml')}:9: rego: rule deny: the function http.send is not permitted`);
  expect(bad.stdout).toContain('must have one of content, rego, regoFile; content and regoFile were given');
});

it('test says how many tests pass, how much they reach, and what they do not', async () => {
  const well = await run('policy', 'test', join('policies', 'examples'), '--threshold', '100');
  expect(well.code).toBe(0);
  expect(well.stdout).toContain('amount-limit.rego: 5 tests pass, coverage 100 %');
  const one = 'package openclaw.policy_test\n\nimport data.openclaw.policy\n\n';
  writeFileSync(
    at('less.rego'),
    'package openclaw.policy\n\ndeny contains "a" if input.a\n\ndeny contains "b" if input.b\n',
  );
  writeFileSync(at('less_test.rego'), `${one}test_a if policy.deny == {"a"} with input as {"a": true}\n`);
  const less = await run('policy', 'test', at('less.rego'));
  expect(less.code).toBe(0);
  expect(less.stdout).toMatch(
    /less.rego: 1 test passes, coverage \d[\d.]* %\n.*less.rego:5: no test reaches this line/,
  );
  writeFileSync(at('less_test.rego'), `${one}test_a if policy.deny == {"z"} with input as {"a": true}\n`);
  const failing = await run('policy', 'test', folder);
  expect(failing.code).toBe(1);
  expect(failing.stdout).toMatch(/less_test.rego:5: test_a fails/);
});

it('tests may not reach the network either', async () => {
  writeFileSync(at('net.rego'), 'package openclaw.policy\n\ndeny contains "a" if input.a\n');
  writeFileSync(
    at('net_test.rego'),
    'package net_test\n\ntest_a if http.send({"method": "get", "url": "http://127.0.0.1"})\n',
  );
  const { code, stdout } = await run('policy', 'test', at('net.rego'));
  expect(code).toBe(1);
  expect(stdout).toContain('undefined function http.send');
});

it('apply brings a module to the service, where it decides, and leaves it alone the next time', async () => {
  writeFileSync(at('by-file.yaml'), wrapped('regoFile: amount-limit.rego'));
  const apply = () =>
    oce(
      [
        'policy',
        'apply',
        at('by-file.yaml'),
        '--as',
        'admin@acme.test',
        '--data-dir',
        gateway.settings.OPENCLAW_DATA_DIR,
      ],
      { OCE_URL: gateway.url, OPA_BIN: process.env.OPA_BIN! },
    );
  expect((await apply()).stdout).toContain('created as active');
  const asked = { action: 'pay_invoice', resource: { attributes: { amount: 9000 } } };
  const { body } = await gateway.call('alice@acme.test', 'POST', '/api/v1/policy/evaluate', asked);
  expect(body).toMatchObject({ decision: 'deny', reason: expect.stringContaining('9000 is above the limit of 5000') });
  expect((await apply()).stdout).toContain('unchanged');
});
