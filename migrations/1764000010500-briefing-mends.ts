import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Which schedules their person has written. */
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
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE briefing_schedules DROP COLUMN own`);
  }
}
