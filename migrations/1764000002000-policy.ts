import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Policies with every earlier version, the revision of each tenant's bundle, and what each replica's OPA runs. */
export class Policy1764000002000 implements MigrationInterface {
  readonly name = 'Policy1764000002000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE policy_revisions (
        tenant_id  text PRIMARY KEY REFERENCES tenants,
        revision   bigint NOT NULL DEFAULT 0,
        changed_at timestamptz NOT NULL DEFAULT now()
      );

      CREATE TABLE policies (
        tenant_id     text NOT NULL REFERENCES tenants,
        id            text NOT NULL,
        scope         text NOT NULL CHECK (scope IN ('enterprise', 'org', 'team', 'user')),
        scope_id      text NOT NULL,
        domain        text NOT NULL,
        name          text NOT NULL,
        version       text NOT NULL,
        status        text NOT NULL CHECK (status IN ('draft', 'active', 'deprecated')),
        content       text NOT NULL,
        document      jsonb NOT NULL,
        created_by    text NOT NULL,
        created_at    timestamptz NOT NULL,
        updated_at    timestamptz NOT NULL,
        change_reason text NOT NULL,
        PRIMARY KEY (tenant_id, id)
      );
      CREATE UNIQUE INDEX policies_name ON policies (tenant_id, scope, scope_id, domain, name) WHERE status <> 'deprecated';
      CREATE INDEX policies_place ON policies (tenant_id, scope, scope_id) WHERE status = 'active';

      CREATE TABLE policy_versions (
        tenant_id     text NOT NULL,
        policy_id     text NOT NULL,
        n             int NOT NULL,
        version       text NOT NULL,
        status        text NOT NULL,
        content       text NOT NULL,
        changed_by    text NOT NULL,
        changed_at    timestamptz NOT NULL,
        change_reason text NOT NULL,
        revision      bigint NOT NULL,
        PRIMARY KEY (tenant_id, policy_id, n),
        FOREIGN KEY (tenant_id, policy_id) REFERENCES policies
      );
      COMMENT ON COLUMN policy_versions.revision IS 'the tenant''s revision with which this version came into force';

      CREATE TABLE policy_replicas (
        tenant_id  text NOT NULL REFERENCES tenants,
        replica_id text NOT NULL,
        active     bigint NOT NULL,
        since      timestamptz NOT NULL,
        seen_at    timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, replica_id)
      );

      CALL bind_to_tenant('policy_revisions');
      CALL bind_to_tenant('policies');
      CALL bind_to_tenant('policy_versions');
      CALL bind_to_tenant('policy_replicas');

      GRANT SELECT, INSERT, UPDATE ON policy_revisions, policies TO openclaw_app;
      GRANT SELECT, INSERT ON policy_versions TO openclaw_app;
      GRANT SELECT, INSERT, UPDATE, DELETE ON policy_replicas TO openclaw_app;

      INSERT INTO policy_revisions (tenant_id) SELECT tenant_id FROM tenants;

      CREATE FUNCTION start_policy_revision() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO policy_revisions (tenant_id) VALUES (NEW.tenant_id) ON CONFLICT DO NOTHING;
        RETURN NULL;
      END $$;
      CREATE TRIGGER start_policy_revision AFTER INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION start_policy_revision();
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TRIGGER start_policy_revision ON tenants; DROP FUNCTION start_policy_revision;
      DROP TABLE policy_replicas, policy_versions, policies, policy_revisions`);
  }
}
