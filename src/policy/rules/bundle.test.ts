import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileTenant } from './bundle.ts';
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
      'enterprise:acme': { audit: [{ export_roles: ['user'], retention_years: 3 }] },
      'team:web': {
        actions: [
          {
            named: {
              a: [3, '["team","web",[[3,"blocked"],["b","B","1.0.0"]]]', true, true],
              x: [3, '["team","web",[[3,"blocked"],["b","B","1.0.0"]]]', true, true],
            },
            standing: [1, '["team","web",[[1,"notify by default"],["a","A","2.0.0"]]]', true, false],
            blocked: ['a', 'x'],
          },
        ],
      },
    },
  });
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
