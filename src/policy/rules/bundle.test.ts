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
  expect(compileTenant(policies, 'r7')).toEqual({
    revision: 'r7',
    scopes: {
      'enterprise:acme': {
        audit: [
          {
            id: 'c',
            name: 'C',
            version: '1.0.0',
            scope: 'enterprise',
            scopeId: 'acme',
            document: { export_roles: ['user'], retention_years: 3 },
          },
        ],
      },
      'team:web': {
        actions: [
          {
            id: 'a',
            name: 'A',
            version: '2.0.0',
            scope: 'team',
            scopeId: 'web',
            document: { default_autonomy: 'notify' },
          },
          { id: 'b', name: 'B', version: '1.0.0', scope: 'team', scopeId: 'web', document: { blocked: ['x', 'a'] } },
        ],
      },
    },
  });
});

test('the order of the policies changes no byte', () => {
  const bytes = JSON.stringify(compileTenant(policies, 'r7'));
  fc.assert(
    fc.property(fc.shuffledSubarray(policies, { minLength: policies.length }), (shuffled) => {
      expect(JSON.stringify(compileTenant(shuffled, 'r7'))).toBe(bytes);
    }),
  );
});

test('a tenant without policies still has its revision', () => {
  expect(compileTenant([], 'r1')).toEqual({ revision: 'r1', scopes: {} });
});
