import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Connections to the systems that people work in, how far each person's sync has come, and what it has found. */
export class Connectors1764000009000 implements MigrationInterface {
  readonly name = 'Connectors1764000009000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE connectors (
        tenant_id           text NOT NULL REFERENCES tenants,
        id                  text NOT NULL UNIQUE,
        type                text NOT NULL CHECK (type IN ('gmail', 'gcal', 'jira', 'github', 'gdrive')),
        user_id             text,
        base_url            text,
        config              jsonb NOT NULL,
        credentials         text NOT NULL,
        credentials_version bigint NOT NULL DEFAULT 1,
        credentials_kind    text NOT NULL,
        webhook_secret      text NOT NULL,
        created_by          text NOT NULL,
        created_at          timestamptz NOT NULL,
        updated_at          timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users
      );
      CREATE UNIQUE INDEX connectors_of_person ON connectors (tenant_id, type, coalesce(user_id, ''));
      COMMENT ON COLUMN connectors.user_id IS 'null: serves everybody in the tenant who has none of their own';
      COMMENT ON COLUMN connectors.credentials IS 'sealed (AES-256-GCM)';
      COMMENT ON COLUMN connectors.webhook_secret IS 'sealed (AES-256-GCM)';

      CREATE TABLE connector_syncs (
        tenant_id       text NOT NULL,
        connector_id    text NOT NULL,
        user_id         text NOT NULL,
        cursor          text,
        generation      bigint NOT NULL DEFAULT 0,
        full_generation bigint,
        state           text NOT NULL DEFAULT 'partial' CHECK (state IN ('ok', 'partial', 'unreachable')),
        reason          text,
        last_error      text,
        last_sync       timestamptz,
        last_try        timestamptz,
        failures        int NOT NULL DEFAULT 0,
        next_sync_at    timestamptz NOT NULL DEFAULT now(),
        lease_owner     text,
        lease_until     timestamptz,
        PRIMARY KEY (tenant_id, connector_id, user_id),
        FOREIGN KEY (tenant_id, connector_id) REFERENCES connectors ON DELETE CASCADE,
        FOREIGN KEY (tenant_id, user_id) REFERENCES users
      );
      CREATE INDEX connector_syncs_due ON connector_syncs (next_sync_at);
      CREATE INDEX connector_syncs_leases ON connector_syncs (lease_until) WHERE lease_until IS NOT NULL;
      CREATE INDEX connector_syncs_person ON connector_syncs (tenant_id, user_id);
      COMMENT ON COLUMN connector_syncs.full_generation IS 'a full sync is under way: what it has seen carries this number';
      COMMENT ON COLUMN connector_syncs.last_sync IS 'the last that came to its end';

      CREATE TABLE work_items (
        tenant_id    text NOT NULL,
        user_id      text NOT NULL,
        system       text NOT NULL,
        external_id  text NOT NULL,
        connector_id text NOT NULL,
        item         jsonb NOT NULL,
        generation   bigint NOT NULL,
        changed_at   timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, user_id, system, external_id),
        FOREIGN KEY (tenant_id, connector_id) REFERENCES connectors ON DELETE CASCADE,
        FOREIGN KEY (tenant_id, user_id) REFERENCES users
      );
      CREATE INDEX work_items_connector ON work_items (tenant_id, connector_id, user_id, generation);
      COMMENT ON COLUMN work_items.generation IS 'of the sync that saw it last: a full sync removes what it has not seen';

      CREATE TABLE webhook_deliveries (
        tenant_id    text NOT NULL,
        connector_id text NOT NULL,
        delivery_id  text NOT NULL,
        received_at  timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, connector_id, delivery_id),
        FOREIGN KEY (tenant_id, connector_id) REFERENCES connectors ON DELETE CASCADE
      );
      CREATE INDEX webhook_deliveries_age ON webhook_deliveries (received_at);

      CALL bind_to_tenant('connectors');
      CALL bind_to_tenant('connector_syncs');
      CALL bind_to_tenant('work_items');
      CALL bind_to_tenant('webhook_deliveries');

      GRANT SELECT, INSERT, UPDATE, DELETE ON connectors, connector_syncs, work_items, webhook_deliveries TO openclaw_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE webhook_deliveries, work_items, connector_syncs, connectors`);
  }
}
