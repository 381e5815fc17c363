import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CLASSIFICATIONS } from '#libs/classification';
import { AUTONOMY, isStricter, type PlacedPolicy } from '../../src/policy/rules/index.ts';
import { numbered, policyAt, REQUEST } from './arbitraries.ts';
import { type Answer, type RunningOpa, startOpa } from './opa.ts';

let opa: RunningOpa;
beforeAll(async () => {
  opa = await startOpa();
});
afterAll(() => opa.stop());

/** Cases a call to OPA: enough to make a run cheap, few enough to shrink well. */
const CASES = 60;

/**
 * For any policies and any request, adding a policy below leaves every domain on which a scope had spoken at least
 * as strict as it was. A domain on which nobody had spoken stood on the product's default, which the first opinion
 * replaces (DOMAIN rules, section 2: the last column holds only where all are silent); but for features, which only
 * the enterprise can turn on, even the default is never loosened from below.
 */
test('no document below widens what a scope above has said', async () => {
  const anyCase = fc.record({
    policies: fc.array(policyAt([0, 1, 2, 3]), { maxLength: 8 }),
    added: policyAt([1, 2, 3, 4]),
    request: REQUEST,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(anyCase, { minLength: CASES, maxLength: CASES }), async (cases) => {
      const before = await opa.decide(
        cases.map(({ policies, request }) => ({ policies: numbered(policies), request })),
      );
      const after = await opa.decide(
        cases.map(({ policies, added, request }) => ({ policies: numbered([...policies, added]), request })),
      );
      cases.forEach((_case, index) => notWider(before[index]!, after[index]!));
    }),
    { numRuns: 20, endOnFailure: true },
  );
}, 120_000);

/** The same where it is hardest: a label raised below, under a limit above that lists labels with gaps. */
test('raising the label of a thing frees nothing', async () => {
  const label = fc.constantFrom(...CLASSIFICATIONS);
  const place = { id: 'p', name: 'p', version: '1.0.0' };
  const limit = fc.subarray([...CLASSIFICATIONS]).map((list): PlacedPolicy => {
    const document = { allowed_classifications: list };
    return { ...place, scope: 'enterprise', scopeId: 'acme', domain: 'models', document };
  });
  const raise = fc
    .record({ gdrive: label, 'gdrive/page': label }, { requiredKeys: [] })
    .map((overrides): PlacedPolicy => {
      const document = { classification_overrides: overrides };
      return { ...place, scope: 'org', scopeId: 'eng', domain: 'data', document };
    });
  const request = fc.constantFrom('self-hosted', 'openai').map((provider) => ({
    action: 'gdrive_read',
    resource: { type: 'page' },
    context: { model: { provider, id: 'm' } },
  }));
  const anyCase = fc.record({
    policies: fc.tuple(limit, raise).map(([above, between]) => [above, between]),
    added: raise.map((policy): PlacedPolicy => ({ ...policy, scope: 'team', scopeId: 'web' })),
    request,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(anyCase, { minLength: CASES, maxLength: CASES }), async (cases) => {
      const before = await opa.decide(
        cases.map(({ policies, request }) => ({ policies: numbered(policies), request })),
      );
      const after = await opa.decide(
        cases.map(({ policies, added, request }) => ({ policies: numbered([...policies, added]), request })),
      );
      cases.forEach((_case, index) => notWider(before[index]!, after[index]!));
    }),
    { numRuns: 10, endOnFailure: true },
  );
}, 120_000);

function notWider(before: Answer, after: Answer): void {
  expect(CLASSIFICATIONS.indexOf(after.classification as never)).toBeGreaterThanOrEqual(
    CLASSIFICATIONS.indexOf(before.classification as never),
  );
  before.domains.forEach((domain, index) => {
    if (domain.default && domain.domain !== 'features') return;
    const now = after.domains[index]!;
    if (isStricter(domain.autonomy, now.autonomy)) {
      throw new Error(`${domain.domain} went from ${domain.autonomy} to ${now.autonomy}`);
    }
  });
  if (before.domains.every((domain) => !domain.default)) {
    expect(AUTONOMY.indexOf(after.autonomy)).toBeGreaterThanOrEqual(AUTONOMY.indexOf(before.autonomy));
  }
  if (before.obligations.disclosure) expect(after.obligations.disclosure).toBe(true);
}
