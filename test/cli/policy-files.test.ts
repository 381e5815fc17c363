import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { wideningIn } from '../../libs/cli/policy-files/hierarchy.ts';
import { planStep } from '../../libs/cli/policy-files/plan.ts';
import { problemLine } from '../../libs/cli/policy-files/problems.ts';
import { readPolicyFiles, readPolicyText } from '../../libs/cli/policy-files/read.ts';
import { POLICY_RULES as rules } from '../../src/policy-rules.ts';

const read = (text: string, domain?: string) => readPolicyText('p.yaml', text, { rules, domain });
const problemsOf = (text: string, domain?: string) => read(text, domain).problems.map(problemLine);
const wideningOf = (text: string) => wideningIn(read(text).entries, rules).map(problemLine);

const policy = (scope: string, scopeId: string, content: string, name = scope) =>
  [
    `scope: ${scope}`,
    `scopeId: ${scopeId}`,
    'domain: actions',
    `name: ${name}`,
    'version: "1.0.0"',
    `content: ${content}`,
  ].join('\n');

describe('a policy file', () => {
  it('may hold a PolicyBundle and single policies, with rules as text or as a map', () => {
    const { entries, problems } = read(`apiVersion: openclaw.enterprise.io/v1
kind: PolicyBundle
metadata: { name: acme }
spec:
  policies:
    - { scope: enterprise, scopeId: acme, domain: actions, name: base, version: "1.0.0", content: { blocked: [x] } }
---
${policy('org', 'legal', '|\n  default_autonomy: approve')}
changeReason: Because
`);
    expect(problems).toEqual([]);
    expect(entries.map(({ name, document, line }) => [name, document, line])).toEqual([
      ['base', { blocked: ['x'] }, 6],
      ['org', { default_autonomy: 'approve' }, 8],
    ]);
    expect(entries[0]!.content).toBe('blocked:\n  - x\n');
    expect(entries[1]).toMatchObject({ content: 'default_autonomy: approve\n', changeReason: 'Because' });
  });

  it('is told its faults with the line of the file, inside rules written as text too', () => {
    expect(
      problemsOf(policy('org', 'legal', '|\n  # why\n  default_autonomy: sometimes\n  actions:\n    x: maybe')),
    ).toEqual([
      'p.yaml:8: content.default_autonomy: must be one of autonomous, notify, approve, block; "sometimes" was given',
      'p.yaml:10: content.actions.x: must be one of autonomous, notify, approve, block; "maybe" was given',
    ]);
  });

  it('is told its faults with the line of the file where rules are a map', () => {
    expect(problemsOf(policy('org', 'legal', '\n  blocked: []\n  colour: red'))).toEqual([
      'p.yaml:8: content.colour: is not a known field; accepted here: default_autonomy, actions, blocked',
    ]);
  });

  it('must write its version in quotes, as YAML takes 1.0 for a number', () => {
    const text = policy('org', 'legal', '{}').replace('"1.0.0"', '1.0');
    expect(problemsOf(text)).toEqual([
      'p.yaml:5: version: must be a semantic version in quotes, such as "1.0.0"; 1 was given',
    ]);
  });

  it('names everything that is missing at once', () => {
    expect(problemsOf('scope: org\ncontent: {}').map((line) => line.split(': ')[1])).toEqual([
      'domain',
      'scopeId',
      'name',
      'version',
    ]);
  });

  it('may not hold the same policy twice, and one that is missing is told without a line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oce-policy-'));
    const file = join(folder, 'twice.yaml');
    writeFileSync(file, `${policy('org', 'legal', '{}')}\n---\n${policy('org', 'legal', '{}')}`);
    const { problems } = await readPolicyFiles([file, join(folder, 'missing.yaml')], { rules });
    rmSync(folder, { recursive: true });
    expect(problems.map((problem) => problemLine(problem).replaceAll(`${folder}/`, ''))).toEqual([
      'missing.yaml: there is no such file',
      'twice.yaml:8: name: "org" of org "legal" for actions stands at twice.yaml:1 already',
    ]);
  });

  it.each([
    ['a: [1', /^p.yaml:1: this is no YAML: /],
    ['', /^p.yaml: the file holds no document/],
    ['just words', /must be a map/],
    ['kind: Deployment', /^p.yaml:1: kind: must be PolicyBundle; "Deployment" was given/],
    ['kind: PolicyBundle\nspec: {}', /spec.policies: must be a list/],
    ['kind: PolicyBundle\napiVersion: v1', /apiVersion: must begin with openclaw.enterprise.io/],
    ['a: 1\na: 2', /this is no YAML: Map keys must be unique/],
    ['hello: 1', /name its domain with --domain: actions, /],
    [
      'a: &a [1]\nb: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]',
      /alias/,
    ],
  ])('is refused in plain words: %s', (text, words) => {
    expect(problemsOf(text).join('\n')).toMatch(words);
  });

  it('may hold rules alone, if their domain is told by an option, the name of the file or the content', () => {
    expect(read('default_autonomy: approve')).toMatchObject({ problems: [], bare: 1 });
    expect(readPolicyText('x/team-web-actions.yaml', 'blocked: 7', { rules }).problems).toMatchObject([
      { path: 'blocked' },
    ]);
    expect(read('default_autonomy: approve', 'actions')).toMatchObject({ problems: [], bare: 1 });
    expect(problemsOf('blocked: 7', 'actions')).toEqual([
      'p.yaml:1: blocked: must be a list of at most 2000 action names; 7 was given',
    ]);
  });
});

describe('scopes in the same files', () => {
  const enterprise = policy('enterprise', 'acme', '\n  default_autonomy: approve\n  actions: { email.send: notify }');

  it('may not be wider than those above, and the very line is named', () => {
    const org = policy('org', 'legal', '|\n  actions:\n    email.send: autonomous');
    expect(wideningOf(`${enterprise}\n---\n${org}`)).toEqual([
      'p.yaml:17: content.actions.email.send: "autonomous" is wider than "notify", which policy "enterprise" 1.0.0 of ' +
        'enterprise "acme" (p.yaml:1) allows',
    ]);
  });

  it('may be as strict or stricter', () => {
    expect(wideningOf(`${policy('org', 'legal', '{ default_autonomy: block }')}\n---\n${enterprise}`)).toEqual([]);
  });

  it('are compared with an organisation only where the files name just one, as they do not say who belongs where', () => {
    const team = policy('team', 'platform', '{ default_autonomy: autonomous }');
    const legal = policy('org', 'legal', '{ default_autonomy: block }');
    const engineering = policy('org', 'engineering', '{}');
    expect(wideningOf(`${legal}\n---\n${team}`).join()).toContain('taking team "platform" to belong to it');
    expect(wideningOf(`${legal}\n---\n${engineering}\n---\n${team}`)).toEqual([]);
  });
});

describe('applying', () => {
  const existing = { id: '1', version: '1.1.0', status: 'active', content: 'blocked: [a]' };

  it('creates what is not there', () => {
    expect(planStep({ version: '1.0.0', content: '' }, undefined, 'draft')).toEqual({
      kind: 'create',
      status: 'draft',
    });
  });

  it('changes what has a higher version in the file', () => {
    const step = planStep({ version: '1.10.0', content: 'blocked: [a]' }, existing, 'active');
    expect(step).toEqual({ kind: 'update', id: '1', from: '1.1.0', status: 'active' });
  });

  it('leaves alone what says the same, however it is laid out', () => {
    expect(planStep({ version: '1.1.0', content: '# same\nblocked:\n  - a\n' }, existing, 'active')).toEqual({
      kind: 'unchanged',
    });
  });

  it('tells to raise the version where the content, the state or a newer version is in the way', () => {
    const why = (version: string, content: string, status: 'draft' | 'active') => {
      const step = planStep({ version, content }, existing, status);
      return step.kind === 'refused' ? step.why : step.kind;
    };
    expect(why('1.1.0', 'blocked: [b]', 'active')).toBe(
      'the service has 1.1.0 with other content; raise the version in the file above 1.1.0',
    );
    expect(why('1.0.9', 'blocked: [a]', 'active')).toContain('is newer than 1.0.9 in the file');
    expect(why('1.1.0', 'blocked: [a]', 'draft')).toContain('as active, not draft');
  });
});
