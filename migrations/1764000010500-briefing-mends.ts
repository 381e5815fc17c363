import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Which schedules their person has written, and when a task's deadline ends, to order tasks by. */
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
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE tasks DROP COLUMN ends_at;
      ALTER TABLE briefing_schedules DROP COLUMN own;
    `);
  }
}
