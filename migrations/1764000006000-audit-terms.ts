import { type MigrationInterface, type QueryRunner } from 'typeorm';

const TERMS = `audit_terms(id, tenant_id, user_id, org_id, action_type, outcome, policy_result, data_classification, keys,
  action_detail, policy_reason)`;
// A short list of pending entries: each search reads all of it.
const INDEX = `USING gin (${TERMS}) WITH (gin_pending_list_limit = 256)`;

const REPLACED = ['org', 'action', 'outcome', 'result', 'classification', 'keys', 'words'];

/** A partition up to this size gets its index while writers wait: some tens of milliseconds. */
const SMALL_BYTES = 4 * 1024 * 1024;

/**
 * One inverted index over everything that is asked of the log in place of seven indexes: writing costs less, and any filters
 * together are one look into it. The entry's time is among its terms, at three sizes of slot, so that a search can be
 * kept to a stretch of time inside the index.
 *
 * A partition with more than a few entries gets its index concurrently: writers go on, and it takes about a minute for
 * a million entries. Therefore this is no transaction; each step is such that a migration that was cut goes on from
 * there. The replaced indexes are dropped at the end, each under a lock for an instant. Replicas of the version before
 * read without them until they are replaced: right, but slower.
 */
export class AuditTerms1764000006000 implements MigrationInterface {
  readonly name = 'AuditTerms1764000006000';
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- Words have no slash before them, so "/" keeps the other terms apart from nearly all of them; what a search
      -- finds is checked against the columns. Slots: the id begins with its time, 5 characters of it are 9.3 hours,
      -- 6 are 17.5 minutes, 7 are 33 seconds.
      CREATE OR REPLACE FUNCTION audit_terms(id text, tenant_id text, user_id text, org_id text, action_type text, outcome text,
          policy_result text, data_classification text, keys text[], action_detail jsonb, policy_reason text)
        RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN audit_words(tenant_id, action_detail, policy_reason) || array_to_tsvector(array_remove(ARRAY[
          '/' || left(id, 5), '/' || left(id, 6), '/' || left(id, 7), 'user/' || user_id, 'org/' || org_id,
          'type/' || action_type, 'outcome/' || outcome, 'result/' || policy_result,
          'classification/' || data_classification] || keys, NULL));

      -- For a look into the terms. The tenant is an expression on purpose: PostgreSQL, which has no idea how many entries
      -- came since its last statistics, cannot take an index on it for the better way and compute the terms of each.
      CREATE OR REPLACE VIEW audit_search AS
        SELECT id, tenant_id, timestamp, user_id, org_id, team_ids, actor, action_type, action_detail, data_accessed,
          model_used, model_tokens, data_classification, policy_applied, policy_result, policy_reason, outcome,
          request_id, keys, writer, writer_seq, ${TERMS} AS terms
        FROM audit_entries WHERE tenant_id || '' = current_setting('openclaw.tenant', true);
      GRANT SELECT ON audit_search TO openclaw_app;

      CREATE INDEX IF NOT EXISTS audit_entries_terms ON ONLY audit_entries ${INDEX};
    `);
    for (const { partition, bytes } of await withoutIndex(db)) {
      const index = `${partition}_terms`;
      await db.query(`DROP INDEX IF EXISTS ${index}`);
      const concurrently = Number(bytes) > SMALL_BYTES ? 'CONCURRENTLY' : '';
      await db.query(`CREATE INDEX ${concurrently} ${index} ON ${partition} ${INDEX}`);
      await db.query(`ALTER INDEX audit_entries_terms ATTACH PARTITION ${index}`);
    }
    for (const name of REPLACED) await db.query(`DROP INDEX IF EXISTS audit_entries_${name}`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP VIEW audit_search;
      DROP INDEX audit_entries_terms;
      DROP FUNCTION audit_terms;
      CREATE INDEX audit_entries_org ON audit_entries (tenant_id, org_id, timestamp, id) WHERE org_id IS NOT NULL;
      CREATE INDEX audit_entries_action ON audit_entries (tenant_id, action_type, timestamp, id);
      CREATE INDEX audit_entries_outcome ON audit_entries (tenant_id, outcome, timestamp, id);
      CREATE INDEX audit_entries_result ON audit_entries (tenant_id, policy_result, timestamp, id)
        WHERE policy_result IS NOT NULL;
      CREATE INDEX audit_entries_classification ON audit_entries (tenant_id, data_classification, timestamp, id)
        WHERE data_classification IS NOT NULL;
      CREATE INDEX audit_entries_keys ON audit_entries USING gin (keys) WITH (gin_pending_list_limit = 256);
      CREATE INDEX audit_entries_words
        ON audit_entries USING gin (audit_words(tenant_id, action_detail, policy_reason))
        WITH (gin_pending_list_limit = 256);
    `);
  }
}

/** Partitions whose index is not there yet, or was left half made. */
function withoutIndex(db: QueryRunner): Promise<{ partition: string; bytes: string }[]> {
  return db.query(`
    SELECT part.relname AS partition, pg_relation_size(part.oid) AS bytes
    FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid
    WHERE inhparent = 'audit_entries'::regclass AND NOT EXISTS (
      SELECT FROM pg_inherits attached JOIN pg_index ON indexrelid = attached.inhrelid
      WHERE attached.inhparent = 'audit_entries_terms'::regclass AND indrelid = part.oid)
    ORDER BY part.relname`);
}
