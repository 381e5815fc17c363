import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The one queue of what a person must decide. */
export class Approvals1764000012000 implements MigrationInterface {
  readonly name = 'Approvals1764000012000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE approvals (
        tenant_id      text NOT NULL,
        id             text NOT NULL,
        user_id        text NOT NULL,
        kind           text NOT NULL CHECK (kind IN ('reply', 'tool', 'commitment')),
        status         text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'rejected', 'expired')),
        subject        text NOT NULL,
        proposal       jsonb NOT NULL,
        classification text NOT NULL,
        edited         boolean NOT NULL DEFAULT false,
        requested_at   timestamptz NOT NULL,
        expires_at     timestamptz NOT NULL,
        reminded_at    timestamptz,
        decided_at     timestamptz,
        decided_by     text,
        reason         text,
        message_id     text,
        decision_id    text,
        exchange_id    text,
        exchange_round int NOT NULL DEFAULT 0,
        request_id     text,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users,
        CHECK ((status = 'pending') = (decided_at IS NULL))
      );
      CREATE INDEX approvals_of_person ON approvals (tenant_id, user_id, id DESC);
      CREATE INDEX approvals_waiting ON approvals (expires_at, id) WHERE status = 'pending';
      CREATE UNIQUE INDEX approvals_message ON approvals (tenant_id, message_id) WHERE message_id IS NOT NULL;
      CREATE UNIQUE INDEX approvals_decision ON approvals (tenant_id, decision_id) WHERE decision_id IS NOT NULL;
      CREATE UNIQUE INDEX approvals_exchange ON approvals (tenant_id, exchange_id, exchange_round, user_id)
        WHERE exchange_id IS NOT NULL;
      COMMENT ON COLUMN approvals.user_id IS 'the person concerned, who decides';
      COMMENT ON COLUMN approvals.decided_by IS 'user:<id>, or policy where today''s policy no longer lets it be; null where it expired';
      COMMENT ON COLUMN approvals.exchange_round IS 'which message of the exchange is asked about; 0: the exchange as such';
      COMMENT ON COLUMN approvals.edited IS 'proposal is what the person made of it';

      CALL bind_to_tenant('approvals');
      GRANT SELECT, INSERT, UPDATE, DELETE ON approvals TO openclaw_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE approvals`);
  }
}
