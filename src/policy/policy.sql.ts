import type { PlacedModule } from './modules/index.ts';
import type { Domain, PlacedPolicy, PolicyDocument, Scope } from './rules/index.ts';

/** The statements on policies. Tenant binding comes from the transaction (row-level security). */

export type PolicyStatus = 'draft' | 'active' | 'deprecated';

export interface PolicyRow {
  tenant_id: string;
  id: string;
  scope: Scope;
  scope_id: string;
  domain: Domain;
  name: string;
  version: string;
  status: PolicyStatus;
  /** A rules document with what was read from it, or a Rego module: the others are null. */
  content: string | null;
  document: PolicyDocument | null;
  rego: string | null;
  /** Of a module: the check that it was last given (see `ModuleChecker`), and what is wrong where it did not pass. */
  module_check: string | null;
  module_fault: string | null;
  created_by: string;
  created_at: Date;
  updated_at: Date;
  change_reason: string;
}

export interface VersionRow {
  n: number;
  version: string;
  status: PolicyStatus;
  content: string | null;
  rego: string | null;
  changed_by: string;
  changed_at: Date;
  change_reason: string;
  revision: string;
}

const COLUMNS = `tenant_id, id, scope, scope_id, domain, name, version, status, content, document, rego,
  module_check, module_fault, created_by, created_at, updated_at, change_reason`;

/** Held until the end of the transaction: policy changes of one tenant take turns, so each sees the one before. */
export const LOCK_REVISION = `SELECT revision FROM policy_revisions WHERE tenant_id = $1 FOR UPDATE`;

export const RAISE_REVISION = `UPDATE policy_revisions SET revision = revision + 1, changed_at = now() WHERE tenant_id = $1 RETURNING revision`;

export const REVISIONS = `SELECT tenant_id, revision FROM policy_revisions ORDER BY tenant_id`;

export const INSERT_POLICY = `
  INSERT INTO policies (${COLUMNS})
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16) RETURNING ${COLUMNS}`;

export const UPDATE_POLICY = `
  UPDATE policies SET version = $2, status = $3, content = $4, document = $5, rego = $6, module_check = $7, module_fault = $8,
    updated_at = $9, change_reason = $10
  WHERE id = $1 RETURNING ${COLUMNS}`;

export const FIND_POLICY = `SELECT ${COLUMNS} FROM policies WHERE id = $1`;

export const ADD_VERSION = `
  INSERT INTO policy_versions (tenant_id, policy_id, n, version, status, content, rego, changed_by, changed_at, change_reason, revision)
  SELECT $1, $2, coalesce(max(n), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10 FROM policy_versions WHERE policy_id = $2`;

export const VERSIONS = `
  SELECT n, version, status, content, rego, changed_by, changed_at, change_reason, revision
  FROM policy_versions WHERE policy_id = $1 ORDER BY n DESC`;

/** $1..$4 filters or null, $5 before id or null, $6 sees all, $7 places inside reach as "scope:id", $8 limit; newest first */
export const LIST_POLICIES = `
  SELECT ${COLUMNS} FROM policies
  WHERE ($1::text IS NULL OR scope = $1) AND ($2::text IS NULL OR scope_id = $2) AND ($3::text IS NULL OR domain = $3)
    AND ($4::text IS NULL OR status = $4) AND ($5::text IS NULL OR id < $5)
    AND ($6 OR scope || ':' || scope_id = ANY($7)
      OR (scope = 'user' AND EXISTS (SELECT FROM users u WHERE u.id = scope_id AND (u.org_id = ANY($9) OR u.team_ids && $10)))
      OR (scope = 'team' AND EXISTS (SELECT FROM teams t WHERE t.id = scope_id AND t.org_id = ANY($9))))
  ORDER BY id DESC LIMIT $8`;

/** $1 to $2: the hashes of one bundle (see `bundles/shards.ts`) */
export const ACTIVE_POLICIES_OF_HASHES = `
  SELECT ${COLUMNS} FROM policies WHERE status = 'active' AND place_hash BETWEEN $1 AND $2`;

/** The newest revision that changed anything between hashes $1 and $2. */
export const REVISION_OF_HASHES = `
  SELECT coalesce(max(v.revision), 0) AS revision
  FROM policies p JOIN policy_versions v ON v.tenant_id = p.tenant_id AND v.policy_id = p.id
  WHERE p.place_hash BETWEEN $1 AND $2`;

/** What changed after revision $1: hash of the place, the newest revision there, and how many policies. */
export const CHANGED_HASHES = `
  SELECT p.place_hash AS hash, max(v.revision) AS revision, count(DISTINCT p.id)::int AS policies
  FROM policy_versions v JOIN policies p ON p.tenant_id = v.tenant_id AND p.id = v.policy_id
  WHERE v.revision > $1 GROUP BY p.place_hash`;

/** $1 the present check: active modules that were last given another one */
export const MODULES_TO_CHECK = `
  SELECT id, domain, rego FROM policies
  WHERE rego IS NOT NULL AND status = 'active' AND module_check IS DISTINCT FROM $1 ORDER BY id`;

/** $1 id, $2 the text that was checked: nothing where it has changed since, or another replica was quicker; $3 check, $4 fault or null */
export const MODULE_CHECKED = `
  UPDATE policies p SET module_check = $3, module_fault = $4
  FROM (SELECT id, module_fault FROM policies WHERE id = $1) before
  WHERE p.id = before.id AND p.rego = $2 AND p.status = 'active' AND p.module_check IS DISTINCT FROM $3
  RETURNING p.*, before.module_fault AS fault_before`;

export const FAULTY_MODULES = `
  SELECT name, scope, scope_id, module_fault FROM policies
  WHERE rego IS NOT NULL AND status = 'active' AND module_fault IS NOT NULL ORDER BY id`;

export const COUNT_ACTIVE = `SELECT count(*)::int AS n FROM policies WHERE status = 'active'`;

export const ACTIVE_POLICIES = `SELECT ${COLUMNS} FROM policies WHERE status = 'active'`;

/** $1 places as "scope:id" */
export const ACTIVE_POLICIES_AT = `
  SELECT ${COLUMNS} FROM policies
  WHERE status = 'active' AND (scope, scope_id) IN (SELECT split_part(p, ':', 1), substr(p, strpos(p, ':') + 1) FROM unnest($1::text[]) p)`;

export const REPORT_REPLICA = `
  INSERT INTO policy_replicas AS r (tenant_id, replica_id, active, since, seen_at)
  SELECT t, $1, a, $4, $4 FROM unnest($2::text[], $3::bigint[]) AS x(t, a)
  ON CONFLICT (tenant_id, replica_id) DO UPDATE SET
    since = CASE WHEN r.active = excluded.active THEN r.since ELSE excluded.since END,
    active = excluded.active, seen_at = excluded.seen_at`;

/** $1 replicas not heard of since then are gone */
export const REPLICAS = `SELECT replica_id, active, since FROM policy_replicas WHERE seen_at >= $1 ORDER BY replica_id`;

export const FORGET_REPLICAS = `DELETE FROM policy_replicas WHERE seen_at < $1`;
export const FORGET_REPLICA = `DELETE FROM policy_replicas WHERE replica_id = $1`;

/** The rules documents among the policies. */
export function documentsOf(rows: readonly PolicyRow[]): PlacedPolicy[] {
  return rows.flatMap((row) => (row.document === null ? [] : [{ ...placeOf(row), document: row.document }]));
}

/** The Rego modules among the policies. */
export function modulesOf(rows: readonly PolicyRow[]): PlacedModule[] {
  return rows.flatMap((row) =>
    row.rego === null ? [] : [{ ...placeOf(row), rego: row.rego, fault: row.module_fault ?? undefined }],
  );
}

function placeOf({ id, name, version, scope, scope_id: scopeId, domain }: PolicyRow) {
  return { id, name, version, scope, scopeId, domain };
}
