import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Which schedules their person has written, when a task's deadline ends, to order tasks by, and what of purged tasks is still open. */
export class BriefingMends1764000010500 implements MigrationInterface {
  readonly name = 'BriefingMends1764000010500';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`SET LOCAL openclaw.tenant = '*'`);
    await db.query(`
      ALTER TABLE briefing_schedules ADD COLUMN own boolean NOT NULL DEFAULT true;
      COMMENT ON COLUMN briefing_schedules.own IS 'false: nobody has written it, and it follows the settings and the person';
      UPDATE briefing_schedules b SET own = false
        WHERE enabled AND window_minutes = 30 AND deliver = '{}' AND NOT EXISTS (
          SELECT FROM audit_entries e WHERE e.tenant_id = b.tenant_id AND e.user_id = b.user_id
            AND e.action_type = 'admin' AND e.action_detail ->> 'operation' = 'briefing.schedule');

      -- Right with the next look at the person's tasks.
      ALTER TABLE tasks ADD COLUMN ends_at timestamptz NOT NULL DEFAULT 'infinity';
      COMMENT ON COLUMN tasks.ends_at IS 'when the deadline ends; a date ends with the day of the person';

      CREATE TABLE purged_items (
        tenant_id   text NOT NULL,
        user_id     text NOT NULL,
        item        text NOT NULL,
        archived_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, user_id, item),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users
      );
      COMMENT ON TABLE purged_items IS 'open items of tasks that were purged, as system:id, until something happens in them or they go';
      CALL bind_to_tenant('purged_items');
      GRANT SELECT, INSERT, UPDATE, DELETE ON purged_items TO openclaw_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE purged_items;
      ALTER TABLE tasks DROP COLUMN ends_at;
      ALTER TABLE briefing_schedules DROP COLUMN own;
    `);
  }
}
