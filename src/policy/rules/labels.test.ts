import { expect, test } from '@jest/globals';
import type { PlacedPolicy } from './placed.ts';
import { labelsOf } from './labels.ts';

const data = (scope: 'enterprise' | 'team', classification_overrides: Record<string, string>) =>
  ({
    id: scope,
    name: scope,
    version: '1.0.0',
    scope,
    scopeId: scope,
    domain: 'data',
    document: { classification_overrides },
  }) as PlacedPolicy;

test('the enterprise sets a label, lower too; below it can only be raised; the type is more precise than the connector', () => {
  const enterprise = labelsOf([data('enterprise', { github: 'public', 'gdrive/document': 'internal' })]);
  expect(enterprise('github', 'issue', 'restricted')).toBe('public');
  expect(enterprise('gdrive', 'document', 'confidential')).toBe('internal');
  expect(enterprise('gmail', 'mail', 'confidential')).toBe('confidential');
  const both = labelsOf([
    data('enterprise', { github: 'internal' }),
    data('team', { github: 'public', gmail: 'public', jira: 'restricted' }),
  ]);
  expect(both('github', 'issue', 'confidential')).toBe('internal');
  expect(both('gmail', 'mail', 'confidential')).toBe('confidential');
  expect(both('jira', 'issue', 'internal')).toBe('restricted');
});
