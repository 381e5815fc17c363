import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Bounded conversations between the assistants of two people, and what was said in them. */
export class Exchange1764000014000 implements MigrationInterface {
  readonly name = 'Exchange1764000014000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE exchanges (
        tenant_id       text NOT NULL,
        id              text NOT NULL,
        conversation_id text NOT NULL,
        asker_id        text NOT NULL,
        responder_id    text NOT NULL,
        exchange_type   text NOT NULL CHECK (exchange_type IN ('information_query', 'commitment_request', 'meeting_scheduling')),
        outcome         text NOT NULL CHECK (outcome IN ('in_progress', 'resolved', 'escalated', 'denied', 'expired')),
        reason          text,
        rounds          int NOT NULL,
        max_rounds      int NOT NULL CHECK (max_rounds >= 1),
        classification  text NOT NULL,
        reply_by        text,
        waiting         jsonb NOT NULL DEFAULT '[]',
        text_hash       bytea,
        summary         text,
        note            text,
        created_at      timestamptz NOT NULL,
        updated_at      timestamptz NOT NULL,
        expires_at      timestamptz NOT NULL,
        ended_at        timestamptz,
        ended_by        text,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, conversation_id),
        CHECK (asker_id <> responder_id),
        CHECK (rounds <= max_rounds),
        CHECK ((outcome = 'in_progress') = (ended_at IS NULL)),
        FOREIGN KEY (tenant_id, asker_id) REFERENCES users,
        FOREIGN KEY (tenant_id, responder_id) REFERENCES users
      );
      CREATE INDEX exchanges_of_asker ON exchanges (tenant_id, asker_id, id DESC);
      CREATE INDEX exchanges_of_responder ON exchanges (tenant_id, responder_id, id DESC);
      CREATE INDEX exchanges_due ON exchanges (expires_at) WHERE outcome = 'in_progress';
      CREATE INDEX exchanges_with_texts ON exchanges (ended_at) WHERE text_hash IS NOT NULL;
      COMMENT ON COLUMN exchanges.rounds IS 'rounds taken, counted here and never by an envelope';
      COMMENT ON COLUMN exchanges.reply_by IS 'the person who has to answer without an assistant';
      COMMENT ON COLUMN exchanges.waiting IS '[{approvalId, userId, round}]: who has been asked to decide and has not';
      COMMENT ON COLUMN exchanges.text_hash IS 'of the first message; null once the texts have been dropped';
      COMMENT ON COLUMN exchanges.summary IS 'sealed, of an escalated one';

      CREATE TABLE exchange_messages (
        tenant_id      text NOT NULL,
        exchange_id    text NOT NULL,
        round          int NOT NULL,
        sender_id      text NOT NULL,
        state          text NOT NULL CHECK (state IN ('delivered', 'held', 'refused', 'dropped')),
        envelope       jsonb NOT NULL,
        classification text NOT NULL,
        body           text,
        shared         jsonb NOT NULL,
        withheld       jsonb NOT NULL,
        settles        boolean NOT NULL DEFAULT false,
        body_hash      bytea NOT NULL,
        answer         jsonb NOT NULL,
        sent_at        timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, exchange_id, round, sender_id),
        FOREIGN KEY (tenant_id, exchange_id) REFERENCES exchanges
      );
      CREATE UNIQUE INDEX exchange_rounds ON exchange_messages (tenant_id, exchange_id, round)
        WHERE state IN ('delivered', 'held');
      COMMENT ON COLUMN exchange_messages.body IS 'sealed; what may go over, never what was withheld';
      COMMENT ON COLUMN exchange_messages.settles IS 'the approval of it is what the exchange was for';
      COMMENT ON COLUMN exchange_messages.body_hash IS 'of the call, so that a repeat gets the first answer';

      CALL bind_to_tenant('exchanges');
      CALL bind_to_tenant('exchange_messages');
      GRANT SELECT, INSERT, UPDATE ON exchanges, exchange_messages TO openclaw_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE exchange_messages, exchanges`);
  }
}
