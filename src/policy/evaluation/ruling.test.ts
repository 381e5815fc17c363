import { describe, expect, test } from '@jest/globals';
import { encodeReferences, encodeVoices } from '../rules/index.ts';
import { NoRuling, readRuling } from './ruling.ts';

const policy = { id: 'p1', name: 'Baseline', scope: 'enterprise', scopeId: 'acme', version: '1.2.0' } as const;
const ref = encodeReferences(policy, [policy]);
const own = { ...policy, id: 'p2', name: 'Own', scope: 'user', scopeId: 'alice' } as const;
const ownVoice = encodeVoices(own, [{ rank: 0, why: 'autonomous by default', of: [], policies: [own] }]);

const ruling = {
  autonomy: 2,
  classification: 'internal',
  disclosure: true,
  revision: 17,
  audit: { retention_years: 3 },
  domains: [
    ['actions', 1, [[ref, 1, 'notify'], ownVoice], { blocked: ['rm'] }], // prettier-ignore
    ['integrations', 2, [[ref, 2, 'read_only', 'gdrive']], { connectors: { gdrive: { permissions: 'read' } } }],
    ['features', 0, [[ref, 0, 'on', 'auto_response']], {}],
  ],
};

test('a ruling becomes a decision with a sentence, what each scope said, and everyone who spoke', () => {
  expect(readRuling(ruling, 'gdrive_share')).toEqual({
    decision: 'require_approval',
    allow: false,
    autonomy: 'approve',
    reason:
      'Approval required by the integrations policy "Baseline" 1.2.0 of enterprise acme: ' +
      'gdrive is read-only, so that a change needs approval.',
    constraints: {
      actions: { blocked: ['rm'] },
      integrations: { connectors: { gdrive: { permissions: 'read' } } },
      features: {},
      audit: { retention_years: 3 },
    },
    obligations: { disclosure: true, notify: false },
    classification: 'internal',
    revision: '17',
    policies: [
      { ...policy, domain: 'actions', autonomy: 'notify', verdict: 'allow' },
      { ...own, domain: 'actions', autonomy: 'autonomous', verdict: 'allow' },
      { ...policy, domain: 'integrations', autonomy: 'approve', verdict: 'require_approval' },
      { ...policy, domain: 'features', autonomy: 'autonomous', verdict: 'allow' },
    ],
    domains: [
      {
        domain: 'actions',
        autonomy: 'notify',
        default: false,
        scopes: [
          {
            scope: 'enterprise',
            scopeId: 'acme',
            autonomy: 'notify',
            verdict: 'allow',
            reason: 'gdrive_share may be done with notice',
          },
          {
            scope: 'user',
            scopeId: 'alice',
            autonomy: 'autonomous',
            verdict: 'allow',
            reason: 'gdrive_share may be done by default',
          },
        ],
      },
      {
        domain: 'integrations',
        autonomy: 'approve',
        default: false,
        scopes: [
          {
            scope: 'enterprise',
            scopeId: 'acme',
            autonomy: 'approve',
            verdict: 'require_approval',
            reason: 'gdrive is read-only, so that a change needs approval',
          },
        ],
      },
      {
        domain: 'features',
        autonomy: 'autonomous',
        default: false,
        scopes: [
          {
            scope: 'enterprise',
            scopeId: 'acme',
            autonomy: 'autonomous',
            verdict: 'allow',
            reason: 'auto_response is on',
          },
        ],
      },
    ],
  });
});

test('where every policy is silent the sentence names none, and the domain stands on its default', () => {
  const silent = { ...ruling, disclosure: false, domains: [['actions', 2, [[null, 2, 'silent']], {}]] };
  const decision = readRuling(silent, 'tool_run');
  expect(decision.reason).toBe('Approval required: no actions policy speaks of tool_run.');
  expect(decision.domains).toEqual([{ domain: 'actions', autonomy: 'approve', default: true, scopes: [] }]);
  expect(decision.policies).toEqual([]);
});

test('of the voices of one scope the first that names a policy is what it says, in the order of ids', () => {
  const [a, b] = [
    { ...policy, id: 'a' },
    { ...policy, id: 'b' },
  ];
  const named = encodeVoices(policy, [{ rank: 0, why: 'autonomous', of: [], policies: [b] }]);
  const standing = encodeVoices(policy, [{ rank: 2, why: 'approve by default', of: [], policies: [a, b] }]);
  const domains = [['actions', 2, [named, ownVoice, standing], {}]];
  const { policies } = readRuling({ ...ruling, domains }, 'x');
  expect(policies.map(({ id, autonomy }) => [id, autonomy])).toEqual([
    ['a', 'approve'],
    ['b', 'autonomous'],
    ['p2', 'autonomous'],
  ]);
});

test('of two connectors a policy speaks twice', () => {
  const voices = [
    [ref, 0, 'enabled', 'jira'],
    [null, 3, 'unlisted', 'slack'],
    [ref, 0, 'enabled', 'gmail'],
  ];
  const domains = [ruling.domains[0], ['integrations', 3, voices, {}]];
  const decision = readRuling({ ...ruling, autonomy: 3, domains }, 'x');
  expect(decision.domains[1]!.scopes.map(({ reason }) => reason)).toEqual(['jira is enabled', 'gmail is enabled']);
  expect(decision.reason).toBe('Denied: no integrations policy lists the connector slack.');
});

test.each(['unknown_tenant', 'malformed_request'])('refused as %s is denied', (refused) => {
  expect(readRuling({ refused }, 'x')).toMatchObject({
    decision: 'deny',
    allow: false,
    autonomy: 'block',
    reason: refused,
    classification: 'restricted',
    revision: null,
  });
});

test('a module that is not loaded denies, and the decision names it and says why', () => {
  const why = 'its module no longer passes the check: line 3: gone';
  const failed = { refused: 'policy_module_failed', policies: ref, domain: 'data', why };
  expect(readRuling(failed, 'x')).toMatchObject({
    decision: 'deny',
    reason: 'policy_module_failed',
    policies: [{ ...policy, domain: 'data', verdict: 'deny' }],
    domains: [{ domain: 'data', scopes: [{ scope: 'enterprise', scopeId: 'acme', reason: why }] }],
  });
  for (const spoilt of [{ policies: 7 }, { domain: 'taste' }, { why: null }, { policies: '[]' }])
    expect(() => readRuling({ ...failed, ...spoilt }, 'x')).toThrow(NoRuling);
});

/** What a scope said, by the domain and the voice it said it with. */
const said: [string, unknown[], string][] = [
  ['actions', ['autonomous'], 'email_send may be done'],
  ['actions', ['notify'], 'email_send may be done with notice'],
  ['actions', ['approve'], 'email_send needs approval'],
  ['actions', ['block'], 'email_send is blocked'],
  ['actions', ['blocked'], 'email_send is blocked'],
  ['actions', ['autonomous by default'], 'email_send may be done by default'],
  ['actions', ['notify by default'], 'email_send may be done with notice by default'],
  ['actions', ['approve by default'], 'email_send needs approval by default'],
  ['actions', ['block by default'], 'email_send is blocked by default'],
  ['actions', ['says', 'Not on a Sunday'], 'Not on a Sunday'],
  ['integrations', ['disabled', 'jira'], 'jira is disabled'],
  ['integrations', ['above', 'jira', 'internal'], 'jira is for data up to internal'],
  ['integrations', ['read_only', 'jira'], 'jira is read-only, so that a change needs approval'],
  ['integrations', ['enabled', 'jira'], 'jira is enabled'],
  ['integrations', ['unlisted', 'jira'], 'no integrations policy lists the connector jira'],
  ['models', ['provider', 'other'], 'the provider other is not allowed'],
  ['models', ['label', 'internal'], 'data classified internal may not go to a model'],
  ['models', ['self_hosted_only', 'restricted'], 'restricted data may only go to a self-hosted model'],
  ['models', ['restricted'], 'restricted data needs approval before it goes to a model'],
  ['models', ['may_go', 'public', 'openai'], 'public data may go to openai'],
  ['models', ['silent', 'restricted'], 'no models policy speaks of restricted data'],
  ['data', ['above', 'internal', 'public'], 'internal data is above public, the most that may leave'],
  ['data', ['may_leave', 'public'], 'public data may leave'],
  ['data', ['silent', 'internal'], 'no data policy speaks of sharing internal data outside'],
  ['features', ['on', 'x'], 'x is on'],
  ['features', ['off', 'x'], 'x is off'],
  ['features', ['not_on', 'x'], 'no features policy of the enterprise turns on x'],
  ['agent-to-agent', ['off'], 'exchanges are off'],
  ['agent-to-agent', ['type', 'chat'], 'the exchange type chat is not allowed'],
  ['agent-to-agent', ['above', 'internal', 'public'], 'internal data is above public, the most that may be shared'],
  ['agent-to-agent', ['cross_org'], 'exchanges with other orgs are off'],
  ['agent-to-agent', ['rounds', 4, 3], 'round 4 is above the limit of 3'],
  ['agent-to-agent', ['on'], 'exchanges are on'],
  ['agent-to-agent', ['not_enabled'], 'no agent-to-agent policy turns exchanges on'],
];

test.each(said)('%s %j reads: %s', (domain, reason, words) => {
  const first = ['actions', 0, [[ref, 0, 'autonomous']], {}];
  const account = [domain, 3, [[ref, 3, ...reason]], {}];
  const domains = domain === 'actions' ? [account] : [first, account];
  const decision = readRuling({ ...ruling, autonomy: 3, domains }, 'email_send');
  expect(decision.domains.at(-1)!.scopes[0]!.reason).toBe(words);
  expect(decision.reason).toBe(`Denied by the ${domain} policy "Baseline" 1.2.0 of enterprise acme: ${words}.`);
});

describe('no ruling at all:', () => {
  const account = (...more: unknown[]) => ({ ...ruling, autonomy: 0, domains: [['actions', 0, ...more]] });
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a bare true', true],
    ['a list', []],
    ['an empty object', {}],
    ['refused for a reason nobody knows', { refused: 'why not' }],
    ['less strict than a domain', { ...ruling, autonomy: 0 }],
    ['stricter than every domain', { ...ruling, autonomy: 3 }],
    ['an autonomy of another kind', { ...ruling, autonomy: 'approve' }],
    ['no domains', { ...ruling, domains: [] }],
    ['not the action first', { ...ruling, domains: ruling.domains.slice(1) }],
    ['an unknown domain', { ...ruling, domains: [...ruling.domains, ['taste', 0, [[ref, 0, 'on', 'x']], {}]] }],
    ['a domain less strict than a voice', account([[ref, 3, 'blocked']], {})],
    ['a domain without voice', account([], {})],
    ['a reason nobody knows', account([[ref, 0, 'because']], {})],
    ['a reason from the prototype', account([[ref, 0, 'constructor']], {})],
    ['a reason without what it is about', { ...ruling, autonomy: 0, domains: [ruling.domains[0], ['features', 0, [[ref, 0, 'on']], {}]] }], // prettier-ignore
    ['a policy that is no reference', account([['p1', 0, 'autonomous']], {})],
    ['a text that holds no voices', account(['["user","alice",["p1"]]'], {})],
    ['a text with a reason nobody knows', account([encodeVoices(policy, [{ rank: 0, why: 'because', of: [], policies: [policy] }])], {})], // prettier-ignore
    ['no word on limits', account([[ref, 0, 'autonomous']])],
    ['an unknown classification', { ...ruling, classification: 'secret' }],
    ['no revision', { ...ruling, revision: '17' }],
    ['no word on disclosure', { ...ruling, disclosure: undefined }],
    ['no word on audit', { ...ruling, audit: undefined }],
  ])('%s', (_what, answer) => {
    expect(() => readRuling(answer, 'x')).toThrow(NoRuling);
  });
});
