import type pg from 'pg';
import { ulid } from 'ulid';
import { TENANT } from '../gateway.ts';
import type { LoadPerson } from './people.ts';

/** A policy as the table holds it. */
export interface SeededPolicy {
  readonly scope: 'org' | 'team' | 'user';
  readonly scopeId: string;
  readonly domain: string;
  readonly name: string;
  readonly document: Record<string, unknown>;
}

/** In documents as organisations write them; none touches what the scenarios ask for, so that decisions stay known. */
const DOCUMENTS: readonly ((n: number) => Omit<SeededPolicy, 'scope' | 'scopeId' | 'name'>)[] = [
  (n) => ({
    domain: 'actions',
    document: {
      actions: { [`crm_update_${n % 40}`]: 'approve', jira_transition: 'approve', calendar_delete_event: 'block' },
      blocked: [`deploy_${n % 25}`],
    },
  }),
  (n) => ({ domain: 'data', document: { classification_overrides: { [`jira/project_${n % 60}`]: 'confidential' } } }),
  () => ({ domain: 'integrations', document: { connectors: { jira: { enabled: true, permissions: 'read' } } } }),
  (n) => ({
    domain: 'actions',
    document: { actions: { github_merge: 'approve', [`erp_post_${n % 30}`]: 'block', web_search: 'notify' } },
  }),
  (n) => ({ domain: 'models', document: { max_classification: n % 2 === 0 ? 'restricted' : 'confidential' } }),
  (n) => ({ domain: 'agent-to-agent', document: { max_rounds: 1 + (n % 3), cross_org: false } }),
  (n) => ({ domain: 'audit', document: { retention_years: 3 + (n % 5) } }),
  () => ({ domain: 'features', document: { visualization: false } }),
];

/** Nine of ten policies are of people, eight in a hundred of teams, two of organisations. */
export function plausiblePolicies(n: number, people: readonly LoadPerson[]): SeededPolicy[] {
  const teams = [...new Set(people.map((person) => person.teamId))];
  const orgs = [...new Set(people.map((person) => person.orgId))];
  const users = people.map((person) => person.id);
  const seen = { user: 0, team: 0, org: 0 };
  return Array.from({ length: n }, (_, i) => {
    const scope = i % 50 === 0 ? 'org' : i % 25 < 2 ? 'team' : 'user';
    const ids = scope === 'org' ? orgs : scope === 'team' ? teams : users;
    const turn = seen[scope]++;
    const round = Math.floor(turn / ids.length);
    const make = DOCUMENTS[(round + turn) % DOCUMENTS.length]!;
    return { scope, scopeId: ids[turn % ids.length]!, name: `Load rule ${round + 1}`, ...make(i) };
  });
}

/**
 * The fast path of the harness: writes active policies straight into the temporary database of a gateway that it started,
 * with their first version, and raises the tenant's revision once, as a change by the API would. Within a second the
 * gateway notices it in the table.
 */
export async function seedPolicies(client: pg.Client, policies: readonly SeededPolicy[]): Promise<void> {
  await client.query('BEGIN');
  const { rows } = await client.query<{ revision: string }>(
    'UPDATE policy_revisions SET revision = revision + 1, changed_at = now() WHERE tenant_id = $1 RETURNING revision',
    [TENANT],
  );
  for (let at = 0; at < policies.length; at += 2_000) {
    const batch = policies.slice(at, at + 2_000).map((policy) => ({
      id: ulid(),
      scope: policy.scope,
      scope_id: policy.scopeId,
      domain: policy.domain,
      name: policy.name,
      content: JSON.stringify(policy.document),
      document: policy.document,
    }));
    const json = JSON.stringify(batch);
    await client.query(
      `INSERT INTO policies (tenant_id, id, scope, scope_id, domain, name, version, status, content, document, created_by,
         created_at, updated_at, change_reason)
       SELECT $1, p.id, p.scope, p.scope_id, p.domain, p.name, '1.0.0', 'active', p.content, p.document, 'system',
         now(), now(), 'load test'
       FROM json_to_recordset($2) p(id text, scope text, scope_id text, domain text, name text, content text, document jsonb)`,
      [TENANT, json],
    );
    await client.query(
      `INSERT INTO policy_versions (tenant_id, policy_id, n, version, status, content, changed_by, changed_at,
         change_reason, revision)
       SELECT $1, p.id, 1, '1.0.0', 'active', p.content, 'system', now(), 'load test', $3
       FROM json_to_recordset($2) p(id text, content text)`,
      [TENANT, json, rows[0]!.revision],
    );
  }
  await client.query('COMMIT');
  await client.query('ANALYZE policies');
}
