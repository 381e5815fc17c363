import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Tenants, people, sign-in, idempotency; the application's role and the rule that binds rows to a tenant. */
export class Directory1764000000000 implements MigrationInterface {
  readonly name = 'Directory1764000000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'openclaw_app') THEN
          CREATE ROLE openclaw_app NOLOGIN;
        END IF;
        IF NOT pg_has_role(current_user, 'openclaw_app', 'SET') THEN
          EXECUTE format('GRANT openclaw_app TO %I', current_user);
        END IF;
      END $$;

      GRANT USAGE ON SCHEMA public TO openclaw_app;
      GRANT SELECT ON schema_migrations TO openclaw_app;

      -- True for rows of the tenant that the transaction is bound to; '*' is set by work across tenants only.
      CREATE FUNCTION visible_to_tenant(tenant_id text) RETURNS boolean
        LANGUAGE sql STABLE PARALLEL SAFE
        RETURN tenant_id = current_setting('openclaw.tenant', true) OR current_setting('openclaw.tenant', true) = '*';

      -- Called once for each table that holds rows of tenants.
      CREATE PROCEDURE bind_to_tenant(tab regclass) LANGUAGE plpgsql AS $$ BEGIN
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tab);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', tab);
        EXECUTE format(
          'CREATE POLICY tenant ON %s USING (visible_to_tenant(tenant_id)) WITH CHECK (visible_to_tenant(tenant_id))', tab);
      END $$;

      CREATE TABLE tenants (
        tenant_id     text PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
        name          text NOT NULL,
        email_domains text[] NOT NULL DEFAULT '{}',
        created_at    timestamptz NOT NULL DEFAULT now()
      );

      CREATE TABLE orgs (
        tenant_id text NOT NULL REFERENCES tenants,
        id        text NOT NULL,
        name      text NOT NULL,
        PRIMARY KEY (tenant_id, id)
      );

      CREATE TABLE teams (
        tenant_id text NOT NULL,
        id        text NOT NULL,
        org_id    text NOT NULL,
        name      text NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, org_id) REFERENCES orgs
      );

      CREATE TABLE users (
        tenant_id  text NOT NULL,
        id         text NOT NULL,
        email      text NOT NULL,
        name       text NOT NULL,
        org_id     text NOT NULL,
        team_ids   text[] NOT NULL DEFAULT '{}',
        roles      text[] NOT NULL CHECK (
          roles <> '{}' AND roles <@ ARRAY['enterprise_admin', 'org_admin', 'team_lead', 'user']),
        manager_id text,
        time_zone  text NOT NULL DEFAULT 'UTC',
        active     boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, org_id) REFERENCES orgs
      );
      CREATE UNIQUE INDEX users_email ON users (lower(email));

      CREATE TABLE sessions (
        tenant_id  text NOT NULL,
        token_hash bytea PRIMARY KEY,
        user_id    text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        FOREIGN KEY (tenant_id, user_id) REFERENCES users
      );
      CREATE INDEX sessions_expiry ON sessions (expires_at);

      CREATE TABLE sign_in_attempts (
        state_hash bytea PRIMARY KEY,
        nonce      text NOT NULL,
        verifier   text NOT NULL,
        return_to  text NOT NULL,
        expires_at timestamptz NOT NULL
      );

      CREATE TABLE agent_tokens (
        tenant_id  text NOT NULL REFERENCES tenants,
        id         text NOT NULL,
        name       text NOT NULL,
        token_hash bytea NOT NULL UNIQUE,
        user_ids   text[],
        created_by text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        revoked_at timestamptz,
        PRIMARY KEY (tenant_id, id)
      );
      COMMENT ON COLUMN agent_tokens.user_ids IS 'null: everybody in the tenant';

      CREATE TABLE idempotency_keys (
        tenant_id    text NOT NULL REFERENCES tenants,
        key_hash     bytea NOT NULL,
        caller       text NOT NULL,
        request_hash bytea NOT NULL,
        claimed_at   timestamptz NOT NULL,
        body         bytea,
        created_at   timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, key_hash)
      );
      COMMENT ON COLUMN idempotency_keys.body IS 'the first answer, sealed with the key; null while the call runs';
      CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

      CALL bind_to_tenant('tenants');
      CALL bind_to_tenant('orgs');
      CALL bind_to_tenant('teams');
      CALL bind_to_tenant('users');
      CALL bind_to_tenant('sessions');
      CALL bind_to_tenant('agent_tokens');
      CALL bind_to_tenant('idempotency_keys');

      GRANT SELECT, INSERT, UPDATE ON tenants, orgs, teams, users, agent_tokens TO openclaw_app;
      GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, sign_in_attempts, idempotency_keys TO openclaw_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE idempotency_keys, agent_tokens, sign_in_attempts, sessions, users, teams, orgs, tenants;
      DROP PROCEDURE bind_to_tenant;
      DROP FUNCTION visible_to_tenant;
    `);
  }
}
