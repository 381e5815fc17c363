import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DOMAINS, effectivePolicy, FEATURES, findWidening, type PlacedPolicy } from '../../src/policy/rules/index.ts';
import { fieldsOf } from '../../src/policy/rules/fields.ts';
import { ACTIONS, DOCUMENT, numbered, policyAt } from './arbitraries.ts';
import { type Answer, type Case, type RunningOpa, startOpa } from './opa.ts';
import { at, probe } from './probes.ts';

let opa: RunningOpa;
beforeAll(async () => {
  opa = await startOpa();
});
afterAll(() => opa.stop());

/** A new document for the person, and policies above it, all of one domain. */
const family = fc.constantFrom(...DOMAINS).chain((domain) =>
  fc.record({
    document: DOCUMENT[domain] as fc.Arbitrary<PlacedPolicy['document']>,
    above: fc.array(policyAt([0, 1, 2], fc.constant(domain)), { minLength: 1, maxLength: 2 }),
  }),
);

/** See `Probe` for what "wider" means; `findWidening` must report a field exactly where OPA shows it to be. */
test('the check at writing time and OPA agree, field by field', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(family, { minLength: 25, maxLength: 25 }), async (families) => {
      const questions = families.flatMap(({ document, above }) => {
        const ancestors = numbered(above);
        const { domain } = ancestors[0]!;
        const own: PlacedPolicy = { ...ancestors[0]!, id: 'new', scope: 'user', scopeId: 'alice', document };
        const reported = new Set(findWidening(domain, document, ancestors).map((violation) => violation.field));
        return fieldsOf(domain, document)
          .filter(({ implied }) => !implied)
          .map(({ path }) => ({
            path,
            document,
            ancestors,
            reported: reported.has(path),
            probes: ancestors.map((parent) => probe(domain, path, own, parent)),
          }));
      });
      const answers = await opa.decide(questions.flatMap(({ probes }) => probes.flatMap(({ cases }) => cases)));
      for (const { path, document, ancestors, reported, probes } of questions) {
        const wider = probes.map(({ cases, isWider }) => isWider(answers.splice(0, cases.length))).includes(true);
        if (wider !== reported) {
          const shown = JSON.stringify({ document, ancestors: ancestors.map((policy) => policy.document) });
          throw new Error(`${path}: OPA says ${wider ? 'wider' : 'not wider'}, the check does not. ${shown}`);
        }
      }
    }),
    { numRuns: 12, endOnFailure: true },
  );
}, 120_000);

const TOUCHES_EVERYTHING: Case['request'] = {
  action: 'email_read',
  resource: { connector: 'gdrive' },
  context: {
    model: { provider: 'openai', id: 'm' },
    destination: { external: true },
    feature: FEATURES[0],
    exchange: { type: 'information_query', classification: 'public', round: 1, cross_org: false },
  },
};

test('the effective policy and OPA agree on every constraint, action and label', async () => {
  const policies = fc.array(policyAt([0, 1, 2, 3, 4]), { maxLength: 14 }).map(numbered);
  await fc.assert(
    fc.asyncProperty(fc.array(policies, { minLength: 10, maxLength: 10 }), async (people) => {
      const asked = people.map((own) => questionsAbout(own));
      const answers = await opa.decide(asked.flat().map(({ request, policies }) => ({ request, policies })));
      for (const { policies: own, check } of asked.flat()) check(answers.shift()!, own);
    }),
    { numRuns: 15, endOnFailure: true },
  );
}, 120_000);

interface Question extends Case {
  check: (answer: Answer, policies: PlacedPolicy[]) => void;
}

function questionsAbout(policies: PlacedPolicy[]): Question[] {
  const effective = effectivePolicy(policies);
  const named = Object.entries(effective.actions).filter(([path]) => path.startsWith('actions.'));
  const labels = Object.entries(effective.data).filter(([path]) => path.startsWith('classification_overrides.'));
  return [
    { policies, request: TOUCHES_EVERYTHING, check: (answer) => sameConstraints(answer, effective) },
    {
      policies,
      request: { action: 'never_named' },
      check: (answer) => expect(answer.domains[0]!.autonomy).toBe(effective.actions.default_autonomy!.value),
    },
    ...named.map(([path, { value }]) => ({
      policies,
      request: { action: path.slice('actions.'.length) },
      check: (answer: Answer) => expect([path, answer.domains[0]!.autonomy]).toEqual([path, value]),
    })),
    ...labels.map(([path, { value }]) => {
      const [connector, type] = path.slice('classification_overrides.'.length).split('/');
      return {
        policies,
        request: { action: ACTIONS[3]!, resource: { connector, ...(type && { type }) } },
        check: (answer: Answer) => expect([path, answer.classification]).toEqual([path, value]),
      };
    }),
  ];
}

/** Each constraint OPA returns is the effective value; each effective value of a policy is among them. */
function sameConstraints(answer: Answer, effective: ReturnType<typeof effectivePolicy>): void {
  for (const domain of DOMAINS) {
    const constraints = answer.constraints[domain];
    for (const [path, { value, from }] of Object.entries(effective[domain])) {
      const elsewhere = /^(default_autonomy|actions\.|classification_overrides\.|connectors\.(jira|gcal|github))/.test(
        path,
      );
      const unasked = domain === 'features' && path !== FEATURES[0];
      const ownDefault = domain === 'data' && path.startsWith('retention') && from.length === 0;
      if (elsewhere || unasked || ownDefault) continue;
      expect([domain, path, sortedList(at(constraints, path))]).toEqual([domain, path, sortedList(value)]);
    }
    const known = new Set(Object.keys(effective[domain]));
    expect(leaves(constraints).filter((path) => !known.has(path))).toEqual([]);
  }
}

function sortedList(value: unknown): unknown {
  return Array.isArray(value) ? [...new Set(value as string[])].sort() : value;
}

function leaves(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
}
