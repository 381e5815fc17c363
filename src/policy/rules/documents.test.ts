import { describe, expect, test } from '@jest/globals';
import { DOMAINS, type Domain } from './domains.ts';
import { MAX_DOCUMENT_BYTES, parseDocument, type DocumentIssue } from './documents.ts';

function issuesOf(domain: Domain, text: string): DocumentIssue[] {
  const parsed = parseDocument(domain, text);
  return parsed.ok ? [] : parsed.issues;
}

describe('a rules document', () => {
  test.each(['', '{}', '---\n', '# only a comment\n', 'null'])('may be empty: %j has no opinion', (text) => {
    for (const domain of DOMAINS) expect(parseDocument(domain, text)).toEqual({ ok: true, document: {} });
  });

  test('is YAML or JSON, with the same result', () => {
    const document = { default_autonomy: 'approve', actions: { email_read: 'autonomous' }, blocked: ['shell_exec'] };
    const yaml = 'default_autonomy: approve\nactions:\n  email_read: autonomous\nblocked: [shell_exec]\n';
    expect(parseDocument('actions', yaml)).toEqual({ ok: true, document });
    expect(parseDocument('actions', JSON.stringify(document, null, '\t'))).toEqual({ ok: true, document });
  });

  test('may use anchors, within limits', () => {
    const text = 'connectors:\n  gmail: &usual { permissions: read }\n  gcal: *usual\n';
    expect(parseDocument('integrations', text)).toMatchObject({ ok: true });
  });

  test('reads yes and no as text, as YAML 1.2 does', () => {
    expect(issuesOf('features', 'auto_response: yes')).toEqual([
      { path: 'auto_response', message: 'auto_response must be true or false; "yes" was given', line: 1 },
    ]);
  });
});

describe('a message', () => {
  test('names the field, what was given and what is accepted, on its line', () => {
    expect(issuesOf('actions', 'default_autonomy: approve\nactions:\n  email_send: always\n')).toEqual([
      {
        path: 'actions.email_send',
        message: 'actions.email_send must be one of autonomous, notify, approve, block; "always" was given',
        line: 3,
      },
    ]);
  });

  test('names each unknown field and the known ones', () => {
    expect(issuesOf('actions', 'blocked: []\nallow: all\ndefault: block\n')).toEqual([
      {
        path: 'allow',
        message: 'allow is not a known field; accepted here: default_autonomy, actions, blocked',
        line: 2,
      },
      {
        path: 'default',
        message: 'default is not a known field; accepted here: default_autonomy, actions, blocked',
        line: 3,
      },
    ]);
    expect(issuesOf('integrations', 'connectors:\n  slack: {}\n')[0]).toEqual({
      path: 'connectors.slack',
      message: 'connectors.slack is not a known field; accepted here: gmail, gcal, jira, github, gdrive',
      line: 2,
    });
  });

  const wrong: [Domain, string, string][] = [
    ['actions', '[]', 'the actions document must be a map with the fields'],
    ['actions', 'just text', 'the actions document must be a map with the fields'],
    ['actions', 'blocked: shell_exec', 'blocked must be a list of at most 2000 action names; "shell_exec" was given'],
    ['actions', 'blocked: ["rm -rf"]', 'blocked.0 must be the name of an action'],
    ['actions', 'actions: { "rm -rf": block }', 'actions.rm -rf must be the name of an action'],
    ['actions', 'actions: [email_send]', 'actions must be a map of actions with their autonomy'],
    ['actions', 'default_autonomy:', 'default_autonomy must be one of autonomous, notify, approve, block; null was'],
    [
      'integrations',
      'connectors: { gmail: { permissions: all } }',
      'must be one of read, write, admin; "all" was given',
    ],
    ['models', 'sensitive_data_model: llama', 'must be a model as provider/id; "llama" was given'],
    ['models', 'max_classification: secret', 'must be one of public, internal, confidential, restricted'],
    ['models', 'allowed_classifications: [public, secret]', 'allowed_classifications.1 must be one of public'],
    ['data', 'retention: { active_days: 91 }', 'must be a whole number of days from 1 to 90; 91 was given'],
    ['data', 'retention: { active_days: 1.5 }', 'must be a whole number of days from 1 to 90; 1.5 was given'],
    ['data', 'classification_overrides: { slack: public }', 'classification_overrides.slack must be a connector'],
    ['features', 'briefing: true', 'accepted here: auto_response, task_intelligence'],
    ['agent-to-agent', 'max_rounds: 0', 'must be a whole number of rounds from 1 to 100; 0 was given'],
    ['agent-to-agent', 'allowed_exchange_types: [chat]', 'must be one of information_query, commitment_request'],
    ['audit', 'retention_years: 0', 'retention_years must be a whole number of years from 1 to 100; 0 was given'],
    ['audit', 'export_roles: [root]', 'must be one of enterprise_admin, org_admin, team_lead, user; "root" was given'],
  ];
  test.each(wrong)('of %s: %s', (domain, text, message) => {
    const [issue, ...others] = issuesOf(domain, text);
    expect(issue?.message).toContain(message);
    expect(others).toEqual([]);
  });
});

describe('a hostile text', () => {
  const nine = Array.from({ length: 9 }, (_, level) => level);
  const bomb =
    'a0: &a0 [x]\n' +
    nine.map((level) => `a${level + 1}: &a${level + 1} [${Array(9).fill(`*a${level}`).join(', ')}]\n`).join('');
  const hostile: [string, string, string][] = [
    ['a syntax error', 'actions: {', 'cannot be read'],
    ['a duplicate key', 'default_autonomy: block\ndefault_autonomy: autonomous\n', 'unique'],
    ['a duplicate key in JSON', '{"blocked": ["a"], "blocked": []}', 'unique'],
    ['a tag of its own', 'blocked: !!js/function "f"\n', 'tag'],
    ['a binary tag', 'blocked: !!binary "aGk="\n', 'tag'],
    ['several documents', 'blocked: []\n---\nblocked: [x]\n', 'cannot be read'],
    ['an alias bomb', bomb, 'alias'],
    ['an alias to nothing', 'blocked: *nobody\n', 'cannot be read'],
    ['an alias to itself', 'blocked: &me [*me]\n', 'cannot be read'],
    ['a prototype key', 'actions: { __proto__: block }\n', '__proto__ is not accepted as a key'],
    ['a prototype key in JSON', '{"__proto__": {"default_autonomy": "autonomous"}}', '__proto__ is not accepted'],
    ['a constructor key', 'constructor: {}\n', 'constructor is not accepted'],
    ['a key that is a number', 'actions: { 1: block }\n', 'keys must be text; 1 was given'],
    ['a key that is a map', '? { a: b }\n: c\n', 'keys must be text'],
    ['a merge key', 'x: &x { a: b }\n<<: *x\n', 'not a known field'],
    ['deep nesting', `blocked: ${'['.repeat(40)}${']'.repeat(40)}\n`, 'nest deeper'],
    ['nesting without end', '['.repeat(100_000), 'cannot be read'],
    ['nesting without end in blocks', '- '.repeat(60_000), 'cannot be read'],
    ['a text without end', `# ${'x'.repeat(MAX_DOCUMENT_BYTES)}`, 'must be at most 131072 bytes'],
    ['too many names', `blocked: [${Array(2001).fill('a').join(',')}]`, 'at most 2000 action names'],
  ];
  test.each(hostile)('is refused: %s', (_what, text, message) => {
    const started = performance.now();
    const messages = issuesOf('actions', text).map((issue) => issue.message);
    expect(messages.join('\n')).toContain(message);
    expect(messages.length).toBeLessThanOrEqual(50);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test('leaves prototypes alone', () => {
    parseDocument('actions', '{"__proto__": {"polluted": true}, "actions": {"toString": "block"}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
