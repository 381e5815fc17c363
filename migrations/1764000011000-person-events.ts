import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What each person is to be told of, numbered, so that whoever reconnects gets what was missed. */
export class PersonEvents1764000011000 implements MigrationInterface {
  readonly name = 'PersonEvents1764000011000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE person_event_counters (
        tenant_id text NOT NULL,
        user_id   text NOT NULL,
        last      bigint NOT NULL,
        PRIMARY KEY (tenant_id, user_id),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users
      );
      COMMENT ON TABLE person_event_counters IS 'its row is locked until a transaction ends, so that events show in order';

      CREATE TABLE person_events (
        tenant_id text NOT NULL,
        user_id   text NOT NULL,
        seq       bigint NOT NULL,
        event     text NOT NULL,
        payload   jsonb NOT NULL,
        at        timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, user_id, seq)
      );
      COMMENT ON COLUMN person_events.payload IS 'a sealed text';
      CREATE INDEX person_events_age ON person_events USING brin (at);

      CALL bind_to_tenant('person_event_counters');
      CALL bind_to_tenant('person_events');
      GRANT SELECT, INSERT, UPDATE, DELETE ON person_event_counters, person_events TO openclaw_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE person_events, person_event_counters`);
  }
}
