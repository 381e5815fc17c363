import { describe, expect, test } from '@jest/globals';
import { type Domain, type Scope } from './domains.ts';
import { findWidening } from './hierarchy.ts';
import { type PlacedPolicy } from './placed.ts';
import { type Documents } from './schemas.ts';

function placed<D extends Domain>(domain: D, document: Documents[D], scope: Scope = 'enterprise'): PlacedPolicy<D> {
  return { id: `${scope}-1`, name: `${scope} rules`, version: '1.2.3', scope, scopeId: 'here', domain, document };
}

/** [domain, parent, document, the fields that are wider with the parent's value] */
const table: [Domain, object, object, [string, unknown][]][] = [
  ['actions', { default_autonomy: 'notify' }, { default_autonomy: 'autonomous' }, [['default_autonomy', 'notify']]],
  ['actions', { default_autonomy: 'notify' }, { default_autonomy: 'block' }, []],
  ['actions', { blocked: ['rm'] }, { actions: { rm: 'approve' } }, [['actions.rm', 'block']]],
  ['actions', { blocked: ['rm'] }, { actions: { rm: 'block' } }, []],
  ['actions', { blocked: ['rm'] }, { actions: { rm: 'autonomous' }, blocked: ['rm'] }, []],
  ['actions', { blocked: ['rm'] }, { blocked: [] }, []],
  ['actions', { default_autonomy: 'block' }, { actions: { rm: 'approve' } }, [['actions.rm', 'block']]],
  ['actions', { actions: { rm: 'block' } }, { default_autonomy: 'autonomous' }, []],
  ['actions', { actions: { toString: 'block' } }, { actions: { valueOf: 'autonomous' } }, []],
  [
    'integrations',
    { connectors: { gmail: { enabled: false } } },
    { connectors: { gmail: { enabled: true } } },
    [['connectors.gmail.enabled', false]],
  ],
  [
    'integrations',
    { connectors: { gmail: {} } },
    { connectors: { gmail: { permissions: 'write' } } },
    [['connectors.gmail.permissions', 'read']],
  ],
  ['integrations', { connectors: { gmail: {} } }, { connectors: { jira: { permissions: 'write' } } }, []],
  [
    'integrations',
    { connectors: { gmail: { permissions: 'write', max_classification: 'internal' } } },
    { connectors: { gmail: { permissions: 'admin', max_classification: 'confidential' } } },
    [
      ['connectors.gmail.permissions', 'write'],
      ['connectors.gmail.max_classification', 'internal'],
    ],
  ],
  ['models', { allowed_providers: ['a', 'b'] }, { allowed_providers: ['b', 'c'] }, [['allowed_providers', ['a', 'b']]]],
  ['models', { allowed_providers: ['a', 'b'] }, { allowed_providers: [] }, []],
  [
    'models',
    { max_classification: 'internal' },
    { max_classification: 'confidential' },
    [['max_classification', 'internal']],
  ],
  [
    'models',
    { max_classification: 'internal' },
    { allowed_classifications: ['public', 'confidential'] },
    [['allowed_classifications', ['public', 'internal']]],
  ],
  [
    'models',
    { allowed_classifications: ['public'] },
    { max_classification: 'internal' },
    [['max_classification', 'public']],
  ],
  [
    'models',
    { allowed_classifications: ['public', 'restricted'] },
    { max_classification: 'internal' },
    [['max_classification', ['public', 'restricted']]],
  ],
  ['models', { allowed_classifications: [] }, { max_classification: 'public' }, [['max_classification', []]]],
  [
    'models',
    { max_classification: 'public' },
    { max_classification: 'public', allowed_classifications: ['public', 'internal'] },
    [],
  ],
  [
    'models',
    { sensitive_data_model: 'self-hosted/a' },
    { sensitive_data_model: 'self-hosted/b' },
    [['sensitive_data_model', 'self-hosted/a']],
  ],
  [
    'data',
    { external_sharing_max: 'public' },
    { external_sharing_max: 'internal' },
    [['external_sharing_max', 'public']],
  ],
  [
    'data',
    { classification_overrides: { gdrive: 'confidential' } },
    { classification_overrides: { gdrive: 'internal', gmail: 'public' } },
    [['classification_overrides.gdrive', 'confidential']],
  ],
  [
    'data',
    { classification_overrides: { gdrive: 'confidential' } },
    { classification_overrides: { 'gdrive/page': 'public' } },
    [['classification_overrides.gdrive/page', 'confidential']],
  ],
  [
    'data',
    { classification_overrides: { gdrive: 'confidential', 'gdrive/page': 'public' } },
    { classification_overrides: { 'gdrive/page': 'public' } },
    [],
  ],
  [
    'data',
    { retention: { active_days: 30, archive_after_days: 5 } },
    { retention: { active_days: 31, archive_after_days: 5, purge_after_archive_days: 900 } },
    [['retention.active_days', 30]],
  ],
  ['features', { auto_response: false }, { auto_response: true, work_tracking: true }, [['auto_response', false]]],
  [
    'agent-to-agent',
    { enabled: false, max_rounds: 2 },
    { enabled: true, max_rounds: 3 },
    [
      ['enabled', false],
      ['max_rounds', 2],
    ],
  ],
  ['agent-to-agent', { enabled: true }, { cross_org: true }, [['cross_org', false]]],
  ['agent-to-agent', { max_rounds: 2 }, { cross_org: true }, []],
  [
    'agent-to-agent',
    { allowed_exchange_types: ['information_query'] },
    { allowed_exchange_types: ['meeting_scheduling'] },
    [['allowed_exchange_types', ['information_query']]],
  ],
  [
    'agent-to-agent',
    { max_classification_shared: 'public' },
    { max_classification_shared: 'internal' },
    [['max_classification_shared', 'public']],
  ],
  [
    'audit',
    { log_all_actions: true, retention_years: 5, export_roles: ['org_admin'] },
    { log_all_actions: false, retention_years: 4, export_roles: ['user'] },
    [
      ['log_all_actions', true],
      ['retention_years', 5],
      ['export_roles', ['org_admin']],
    ],
  ],
  ['audit', { log_all_actions: false, retention_years: 5 }, { log_all_actions: true, retention_years: 9 }, []],
];

describe('a document under a parent', () => {
  test.each(table)('%s: under %j, %j is wider in %j', (domain, parent, document, expected) => {
    const violations = findWidening(domain, document, [placed(domain, parent)]);
    expect(violations.map(({ field, parentValue }) => [field, parentValue])).toEqual(expected);
  });

  test.each(table)('%s: under a silent parent nothing is wider (%j, %j)', (domain, _parent, document) => {
    expect(findWidening(domain, document, [placed(domain, {})])).toEqual([]);
  });

  test.each(table)('%s: under itself nothing is wider (%j, %j)', (domain, _parent, document) => {
    expect(findWidening(domain, document, [placed(domain, document)])).toEqual([]);
  });
});

test('a violation names the field, the policy above, its value and the value given', () => {
  expect(
    findWidening('actions', { default_autonomy: 'autonomous' }, [placed('actions', { default_autonomy: 'approve' })]),
  ).toEqual([
    {
      field: 'default_autonomy',
      parentPolicy: {
        id: 'enterprise-1',
        name: 'enterprise rules',
        scope: 'enterprise',
        scopeId: 'here',
        version: '1.2.3',
      },
      parentValue: 'approve',
      value: 'autonomous',
    },
  ]);
});

test('the strictest of several parents is named, wherever it stands', () => {
  const above = [
    placed('actions', { default_autonomy: 'notify' }),
    placed('actions', { default_autonomy: 'block' }, 'org'),
    placed('actions', { default_autonomy: 'approve' }, 'team'),
  ];
  const [violation] = findWidening('actions', { default_autonomy: 'autonomous' }, above);
  expect(violation?.parentPolicy.scope).toBe('org');
});

test('policies of other domains are no parents', () => {
  expect(findWidening('features', { auto_response: true }, [placed('audit', { retention_years: 9 })])).toEqual([]);
});
