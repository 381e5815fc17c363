import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import {
  DOMAINS,
  findWidening,
  isHigherScope,
  parseDocument,
  type Domain,
  type PlacedPolicy,
} from '../../src/policy/rules/index.ts';
import { type Case, type RunningOpa, startOpa } from './opa.ts';

const POLICIES = fileURLToPath(new URL('../../policies', import.meta.url));

/** Where the people of the demo directory stand. Source: the API contract, "Demo directory". */
const ALICE = ['enterprise:acme', 'org:engineering', 'team:platform', 'user:alice'];
const BOB = ['enterprise:acme', 'org:engineering', 'team:web', 'user:bob'];
const CAROL = ['enterprise:acme', 'org:legal', 'user:carol'];
const DAVE = ['enterprise:globex', 'org:operations', 'user:dave'];

type DefaultPolicy = PlacedPolicy & { file: string; changeReason: string };

function defaults(tenant: string): DefaultPolicy[] {
  const folder = join(POLICIES, 'defaults', tenant);
  return readdirSync(folder).map((file) => {
    const { content, ...policy } = parse(readFileSync(join(folder, file), 'utf8')) as DefaultPolicy & {
      content: unknown;
    };
    const parsed = parseDocument(policy.domain, stringify(content));
    if (!parsed.ok) throw new Error(`${file}: ${JSON.stringify(parsed.issues)}`);
    return { ...policy, id: file, file, document: parsed.document };
  });
}

describe.each(['acme', 'globex'])('the default policies of %s', (tenant) => {
  const policies = defaults(tenant);

  test.each(policies)('$file is complete and inside its parents', (policy) => {
    expect(policy.changeReason).not.toBe('');
    expect(policy.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(policy.file).toBe(
      `${policy.scope}-${policy.scope === 'enterprise' ? '' : `${policy.scopeId}-`}${policy.domain}.yaml`,
    );
    const above = policies.filter((other) => isHigherScope(other.scope, policy.scope));
    expect(findWidening(policy.domain, policy.document, above)).toEqual([]);
  });
});

test.each(readdirSync(join(POLICIES, 'examples')).filter((file) => file.endsWith('.yaml')))(
  'the example %s is a valid document',
  (file) => {
    const domain = basename(file, '.yaml') as Domain;
    expect(DOMAINS).toContain(domain);
    expect(parseDocument(domain, readFileSync(join(POLICIES, 'examples', file), 'utf8'))).toMatchObject({ ok: true });
  },
);

describe('what the demo people get', () => {
  let opa: RunningOpa;
  beforeAll(async () => {
    opa = await startOpa();
  });
  afterAll(() => opa.stop());

  const model = (provider: string, classification: string): Case['request'] => ({
    action: 'model_call',
    resource: { classification },
    context: { model: { provider, id: 'm' } },
  });
  const exchange = (more: Record<string, unknown>): Case['request'] => ({
    action: 'sessions_send',
    context: { exchange: { type: 'information_query', classification: 'internal', round: 1, ...more } },
  });
  const outside = { destination: { external: true } };

  const table: [string, string[], Case['request'], string, string][] = [
    ['alice reads mail', ALICE, { action: 'email_read' }, 'allow', 'autonomous'],
    ['alice reads code', ALICE, { action: 'github_read' }, 'allow', 'autonomous'],
    ['alice plans a meeting', ALICE, { action: 'calendar_create_event' }, 'allow', 'notify'],
    ['alice deletes a meeting', ALICE, { action: 'calendar_delete_event' }, 'deny', 'block'],
    ['alice sends mail', ALICE, { action: 'email_send' }, 'require_approval', 'approve'],
    ['alice mails a customer', ALICE, { action: 'email_send', context: outside }, 'require_approval', 'approve'],
    ['alice merges', ALICE, { action: 'github_merge' }, 'require_approval', 'approve'],
    ['alice runs a shell', ALICE, { action: 'shell_exec' }, 'deny', 'block'],
    ['alice shares a document outside', ALICE, { action: 'gdrive_share_external' }, 'deny', 'block'],
    ['alice does something new', ALICE, { action: 'never_heard_of' }, 'require_approval', 'approve'],
    ['alice asks a public model', ALICE, model('openai', 'internal'), 'allow', 'autonomous'],
    ['alice shows it a secret', ALICE, model('openai', 'confidential'), 'deny', 'block'],
    ['alice shows the secret at home', ALICE, model('self-hosted', 'confidential'), 'allow', 'autonomous'],
    ['alice shows salaries at home', ALICE, model('self-hosted', 'restricted'), 'require_approval', 'approve'],
    ['alice asks a colleague', ALICE, exchange({}), 'allow', 'notify'],
    ['alice asks a third time', ALICE, exchange({ round: 3 }), 'deny', 'block'],
    ['bob asks a third time', BOB, exchange({ round: 3 }), 'allow', 'notify'],
    ['alice asks another org', ALICE, exchange({ cross_org: true }), 'deny', 'block'],
    ['bob comments', BOB, { action: 'github_comment' }, 'require_approval', 'approve'],
    ['carol mails outside', CAROL, { action: 'email_send', context: outside }, 'deny', 'block'],
    [
      'carol gets no auto-response',
      CAROL,
      { action: 'auto_response', context: { feature: 'auto_response' } },
      'deny',
      'block',
    ],
    ['dave reads mail', DAVE, { action: 'email_read' }, 'allow', 'autonomous'],
    ['dave plans a meeting', DAVE, { action: 'calendar_create_event' }, 'require_approval', 'approve'],
    ['dave reads code', DAVE, { action: 'github_read' }, 'deny', 'block'],
  ];

  test.each(table)('%s', async (_name, path, request, decision, autonomy) => {
    const tenant = path[0]!.split(':')[1]!;
    const [answer] = await opa.decideAlong(path, [{ policies: defaults(tenant), request }]);
    expect(answer).toMatchObject({ decision, autonomy });
    expect(answer!.reason).toMatch(/^(Allowed|Allowed with notice|Approval required|Denied)\b.*\.$/);
  });

  test('a told action is disclosed', async () => {
    const request = { action: 'calendar_create_event' };
    const [answer] = await opa.decideAlong(ALICE, [{ policies: defaults('acme'), request }]);
    expect(answer!.obligations).toEqual({ disclosure: true, notify: true });
    expect(answer!.reason).toBe(
      'Allowed with notice by the actions policy "Acme baseline" 1.0.0 of enterprise 0: ' +
        'calendar_create_event may be done with notice.',
    );
  });
});
