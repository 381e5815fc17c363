import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.stop());

const admin = 'admin@acme.test';
const alice = 'alice@acme.test';
let n = 0;

const module = (...rules: string[]) => ['package openclaw.policy', ...rules, ''].join('\n\n');

function policy(rego: string, more: Record<string, unknown> = {}) {
  return {
    scope: 'team',
    scopeId: 'platform',
    domain: 'actions',
    name: `Module ${++n}`,
    version: '1.0.0',
    rego,
    changeReason: 'a test',
    status: 'active',
    ...more,
  };
}

const write = (who: string, rego: string, more?: Record<string, unknown>) =>
  gateway.call(who, 'POST', '/api/v1/policies', policy(rego, more));
const evaluate = async (who: string, action: string, more: Record<string, unknown> = {}) =>
  (await gateway.call(who, 'POST', '/api/v1/policy/evaluate', { action, ...more })).body;

const LIMIT = module(
  'import input.resource.attributes',
  'deny contains sprintf("%d is above the limit of 500", [attributes.amount]) if {\n\tinput.action == "pay_invoice"\n\tattributes.amount > 500\n}',
);

describe('a Rego module as a policy', () => {
  test('decides for the people of its scope, with its own words as the reason', async () => {
    const created = await write(admin, LIMIT);
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ domain: 'actions', rego: LIMIT });
    expect(created.body).not.toHaveProperty('content');
    const pay = (amount: number) => evaluate(alice, 'pay_invoice', { resource: { attributes: { amount } } });
    expect(await pay(501)).toMatchObject({
      decision: 'deny',
      reason: expect.stringContaining('501 is above the limit'),
    });
    expect((await pay(499)).decision).not.toBe('deny');
    const bob = await evaluate('bob@acme.test', 'pay_invoice', { resource: { attributes: { amount: 501 } } });
    expect(bob.decision).not.toBe('deny');
  });
});
