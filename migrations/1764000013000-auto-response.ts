import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Messages that arrive for people, what became of them, what people have said of them, and their rules. */
export class AutoResponse1764000013000 implements MigrationInterface {
  readonly name = 'AutoResponse1764000013000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE messages (
        tenant_id       text NOT NULL,
        id              text NOT NULL,
        user_id         text NOT NULL,
        channel         text NOT NULL,
        message_id      text NOT NULL,
        thread_id       text,
        talk            text NOT NULL,
        sender          text NOT NULL,
        subject         text NOT NULL,
        classification  text NOT NULL,
        content         text,
        features        jsonb,
        state           text NOT NULL CHECK (state IN
          ('received', 'drafted', 'queued', 'sent', 'surfaced', 'ignored', 'rejected', 'expired', 'failed')),
        class           text CHECK (class IN ('critical', 'needs-response', 'informational', 'noise')),
        confidence      real,
        reasons         jsonb NOT NULL DEFAULT '[]',
        autonomy        text CHECK (autonomy IN ('autonomous', 'notify', 'approve', 'block')),
        reason          text NOT NULL DEFAULT '',
        reply           text,
        attended        boolean NOT NULL DEFAULT false,
        approval_id     text,
        decision_id     text,
        submitted_by    text NOT NULL,
        request_id      text NOT NULL,
        attempts        int NOT NULL DEFAULT 0,
        received_at     timestamptz NOT NULL,
        accepted_at     timestamptz NOT NULL,
        classified_at   timestamptz,
        decided_at      timestamptz,
        queued_at       timestamptz,
        sent_at         timestamptz,
        ended_at        timestamptz,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, user_id, channel, message_id),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users
      );
      CREATE INDEX messages_of_person ON messages (tenant_id, user_id, id DESC);
      CREATE INDEX messages_answered ON messages (tenant_id, user_id, queued_at) WHERE queued_at IS NOT NULL AND NOT attended;
      CREATE INDEX messages_ended ON messages (tenant_id, user_id, ended_at);
      COMMENT ON COLUMN messages.content IS 'sealed; null as soon as nothing needs the text any more';
      COMMENT ON COLUMN messages.reply IS 'sealed: {to, subject, text}';
      COMMENT ON COLUMN messages.talk IS 'channel, sender and bare subject: a conversation, also where no thread is named';
      COMMENT ON COLUMN messages.attended IS 'a person has seen the reply before it went out';
      COMMENT ON COLUMN messages.features IS 'what a later correction teaches of: sender, domain, list, words';

      CREATE TABLE message_corrections (
        tenant_id  text NOT NULL,
        user_id    text NOT NULL,
        message_id text NOT NULL,
        class      text NOT NULL CHECK (class IN ('critical', 'needs-response', 'informational', 'noise')),
        features   jsonb NOT NULL,
        at         timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, user_id, message_id),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users,
        FOREIGN KEY (tenant_id, message_id) REFERENCES messages ON DELETE CASCADE
      );
      COMMENT ON TABLE message_corrections IS 'what is learnt is worked out of these rows each time: one that is gone has never been';

      CREATE TABLE auto_response_rules (
        tenant_id  text NOT NULL,
        user_id    text NOT NULL,
        rules      jsonb NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, user_id),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users
      );
      COMMENT ON COLUMN auto_response_rules.rules IS '{contacts: [{match, autonomy}], channels, classes}';

      CALL bind_to_tenant('messages');
      CALL bind_to_tenant('message_corrections');
      CALL bind_to_tenant('auto_response_rules');
      GRANT SELECT, INSERT, UPDATE, DELETE ON messages, message_corrections, auto_response_rules TO openclaw_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE auto_response_rules, message_corrections, messages`);
  }
}
