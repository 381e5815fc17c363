import { expect, test } from '@jest/globals';
import { type Domain, type Scope } from './domains.ts';
import { effectivePolicy } from './effective.ts';
import { type PlacedPolicy } from './placed.ts';
import { type Documents } from './schemas.ts';

function placed<D extends Domain>(scope: Scope, domain: D, document: Documents[D]): PlacedPolicy<D> {
  return { id: `${scope}-${domain}`, name: domain, version: '1.0.0', scope, scopeId: 'here', domain, document };
}

const from = (...ids: string[]) => ids.map((id) => expect.objectContaining({ policyId: id }));

test('where all are silent, the defaults hold and come from nobody', () => {
  const effective = effectivePolicy([]);
  expect(effective.actions).toEqual({ default_autonomy: { value: 'approve', from: [] } });
  expect(effective.integrations['connectors.gmail.enabled']).toEqual({ value: false, from: [] });
  expect(effective.models).toEqual({ allowed_classifications: { value: ['public', 'internal'], from: [] } });
  expect(effective.data.external_sharing_max).toEqual({ value: 'public', from: [] });
  expect(effective.features.briefing_generation).toEqual({ value: false, from: [] });
  expect(effective['agent-to-agent'].enabled).toEqual({ value: false, from: [] });
  expect(effective.audit).toEqual({
    log_all_actions: { value: true, from: [] },
    retention_years: { value: 3, from: [] },
  });
});

test('a value names the policy it comes from, in full', () => {
  const effective = effectivePolicy([
    placed('enterprise', 'actions', { default_autonomy: 'notify' }),
    placed('org', 'actions', { default_autonomy: 'block' }),
  ]);
  expect(effective.actions.default_autonomy).toEqual({
    value: 'block',
    from: [{ policyId: 'org-actions', name: 'actions', scope: 'org', scopeId: 'here', version: '1.0.0' }],
  });
});

test('a named action takes everyone into account, defaults and blocked lists too', () => {
  const effective = effectivePolicy([
    placed('user', 'actions', { blocked: ['deploy'] }),
    placed('enterprise', 'actions', { actions: { mail: 'notify', deploy: 'notify' } }),
    placed('org', 'actions', { default_autonomy: 'approve' }),
  ]);
  expect(effective.actions['actions.mail']).toEqual({ value: 'approve', from: from('org-actions') });
  expect(effective.actions['actions.deploy']).toEqual({ value: 'block', from: from('user-actions') });
  expect(effective.actions.blocked).toEqual({ value: ['deploy'], from: from('user-actions') });
});

test('an intersection nobody states comes from all who took part', () => {
  const effective = effectivePolicy([
    placed('enterprise', 'models', { allowed_providers: ['a', 'b'] }),
    placed('org', 'models', { allowed_providers: ['b', 'c'] }),
  ]);
  expect(effective.models.allowed_providers).toEqual({ value: ['b'], from: from('enterprise-models', 'org-models') });
  expect(effective.models.allowed_classifications).toBeUndefined();
});

test('a feature is on only where the enterprise turns it on', () => {
  const effective = effectivePolicy([
    placed('enterprise', 'features', { auto_response: true, visualization: true }),
    placed('team', 'features', { auto_response: false, work_tracking: true }),
  ]);
  expect(effective.features.visualization).toEqual({ value: true, from: from('enterprise-features') });
  expect(effective.features.auto_response).toEqual({ value: false, from: from('team-features') });
  expect(effective.features.work_tracking).toEqual({ value: false, from: [] });
});

test('a label is set by the enterprise, else the connector, and raised below', () => {
  const lowered = placed('enterprise', 'data', { classification_overrides: { gdrive: 'public' } });
  const raised = placed('org', 'data', {
    classification_overrides: { 'gdrive/page': 'confidential', gmail: 'public' },
  });
  const effective = effectivePolicy([raised, lowered]);
  expect(effective.data['classification_overrides.gdrive']).toEqual({ value: 'public', from: from('enterprise-data') });
  expect(effective.data['classification_overrides.gdrive/page']).toEqual({
    value: 'confidential',
    from: from('org-data'),
  });
  expect(effective.data['classification_overrides.gmail']).toEqual({ value: 'internal', from: [] });
});

test("audit merges towards logging more, and the model for sensitive data is the widest scope's", () => {
  const effective = effectivePolicy([
    placed('enterprise', 'audit', { log_all_actions: false, retention_years: 2 }),
    placed('org', 'audit', { log_all_actions: true, retention_years: 7 }),
    placed('enterprise', 'models', { sensitive_data_model: 'self-hosted/a' }),
    placed('org', 'models', { sensitive_data_model: 'self-hosted/b' }),
  ]);
  expect(effective.audit.log_all_actions?.value).toBe(true);
  expect(effective.audit.retention_years).toEqual({ value: 7, from: from('org-audit') });
  expect(effective.models.sensitive_data_model).toEqual({ value: 'self-hosted/a', from: from('enterprise-models') });
});
