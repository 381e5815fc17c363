import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileTenant, decodeReference, encodeReference } from './bundle.ts';
import { SCOPES } from './domains.ts';
import { type PlacedPolicy } from './placed.ts';

const policies: PlacedPolicy[] = [
  {
    id: 'b',
    name: 'B',
    version: '1.0.0',
    scope: 'team',
    scopeId: 'web',
    domain: 'actions',
    document: { blocked: ['x', 'a'] },
  },
  {
    id: 'a',
    name: 'A',
    version: '2.0.0',
    scope: 'team',
    scopeId: 'web',
    domain: 'actions',
    document: { default_autonomy: 'notify' },
  },
  {
    id: 'c',
    name: 'C',
    version: '1.0.0',
    scope: 'enterprise',
    scopeId: 'acme',
    domain: 'audit',
    document: { retention_years: 3, export_roles: ['user'] },
  },
];

test('a tenant is filed by scope and domain', () => {
  expect(compileTenant(policies, 7)).toEqual({
    revision: 7,
    scopes: {
      'enterprise:acme': {
        audit: [
          {
            ref: '["c","C","enterprise","acme","1.0.0"]',
            scope: 'enterprise',
            document: { export_roles: ['user'], retention_years: 3 },
          },
        ],
      },
      'team:web': {
        actions: [
          { ref: '["a","A","team","web","2.0.0"]', scope: 'team', named: {}, standing: 'notify by default' },
          {
            ref: '["b","B","team","web","1.0.0"]',
            scope: 'team',
            named: { a: 'blocked', x: 'blocked' },
            standing: null,
            blocked: ['a', 'x'],
          },
        ],
      },
    },
  });
});

test('an action that is both named and blocked is blocked', () => {
  const document = { actions: { rm: 'autonomous', ls: 'notify' }, blocked: ['rm'] } as const;
  const policy = { ...policies[0]!, document: { ...document, blocked: [...document.blocked] } };
  expect(compileTenant([policy], 1).scopes['team:web']!.actions![0]!.named).toEqual({ ls: 'notify', rm: 'blocked' });
});

test('lists are in order, each thing once', () => {
  const document = { allowed_providers: ['b', 'a', 'b'] };
  const policy: PlacedPolicy = { ...policies[0]!, domain: 'models', document };
  expect(compileTenant([policy], 1).scopes['team:web']!.models![0]!.document).toEqual({
    allowed_providers: ['a', 'b'],
  });
});

test('a reference is read back as it was', () => {
  const name = fc.string();
  const reference = fc.record({ id: name, name, scope: fc.constantFrom(...SCOPES), scopeId: name, version: name });
  fc.assert(
    fc.property(reference, (given) => {
      expect(decodeReference(encodeReference(given))).toEqual(given);
    }),
  );
  for (const text of ['', '{}', '[]', '[1,2,3,4,5]', '["a","b","c","d"]', '["a","b","galaxy","c","d"]']) {
    expect(() => decodeReference(text)).toThrow(SyntaxError);
  }
});

test('the order of the policies changes no byte', () => {
  const bytes = JSON.stringify(compileTenant(policies, 7));
  fc.assert(
    fc.property(fc.shuffledSubarray(policies, { minLength: policies.length }), (shuffled) => {
      expect(JSON.stringify(compileTenant(shuffled, 7))).toBe(bytes);
    }),
  );
});

test('a tenant without policies still has its revision', () => {
  expect(compileTenant([], 1)).toEqual({ revision: 1, scopes: {} });
});
