import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Each person's tasks, what they have said of them, their briefings, and when those are made. */
export class Briefing1764000010000 implements MigrationInterface {
  readonly name = 'Briefing1764000010000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE task_books (
        tenant_id    text NOT NULL,
        user_id      text NOT NULL,
        fingerprint  text NOT NULL DEFAULT '',
        refreshed_at timestamptz,
        PRIMARY KEY (tenant_id, user_id),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users
      );
      COMMENT ON TABLE task_books IS 'one a person: its lock is taken by whoever works out that person''s tasks';
      COMMENT ON COLUMN task_books.fingerprint IS 'of the work items and decisions that the tasks were made from';

      CREATE TABLE tasks (
        tenant_id      text NOT NULL,
        id             text NOT NULL,
        user_id        text NOT NULL,
        state          text NOT NULL CHECK (state IN ('discovered', 'active', 'completed', 'archived')),
        title          text NOT NULL,
        score          int NOT NULL,
        score_parts    jsonb NOT NULL,
        deadline       text,
        created_at     text NOT NULL,
        systems        text[] NOT NULL,
        blocking       boolean NOT NULL,
        classification text NOT NULL,
        details        jsonb NOT NULL,
        word_done      boolean,
        word_at        timestamptz,
        discovered_at  timestamptz NOT NULL,
        completed_at   timestamptz,
        archived_at    timestamptz,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users
      );
      CREATE INDEX tasks_of_person ON tasks (tenant_id, user_id, score DESC, id);
      COMMENT ON COLUMN tasks.created_at IS 'when the first of its items came to be, as the system tells it';
      COMMENT ON COLUMN tasks.details IS '{sources, reasons, related}';
      COMMENT ON COLUMN tasks.word_done IS 'what the person said of it, which outranks what is seen';

      CREATE TABLE task_items (
        tenant_id   text NOT NULL,
        user_id     text NOT NULL,
        system      text NOT NULL,
        external_id text NOT NULL,
        task_id     text NOT NULL,
        PRIMARY KEY (tenant_id, user_id, system, external_id),
        FOREIGN KEY (tenant_id, task_id) REFERENCES tasks ON DELETE CASCADE
      );
      CREATE INDEX task_items_task ON task_items (tenant_id, task_id);

      CREATE TABLE task_decisions (
        tenant_id  text NOT NULL,
        user_id    text NOT NULL,
        a          text NOT NULL,
        b          text NOT NULL,
        kind       text NOT NULL CHECK (kind IN ('merged', 'split')),
        decided_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, user_id, a, b),
        CHECK (a < b),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users
      );
      COMMENT ON TABLE task_decisions IS 'what a person said of two items, each as system:id; the latest word counts';

      CREATE TABLE briefings (
        tenant_id    text NOT NULL,
        id           text NOT NULL,
        user_id      text NOT NULL,
        generated_at timestamptz NOT NULL,
        window_start timestamptz,
        window_end   timestamptz,
        body         jsonb NOT NULL,
        delivered    jsonb NOT NULL DEFAULT '{}',
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, user_id, window_start),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users
      );
      CREATE INDEX briefings_of_person ON briefings (tenant_id, user_id, id DESC);
      COMMENT ON COLUMN briefings.window_start IS 'null: asked for, not scheduled';

      CREATE TABLE briefing_schedules (
        tenant_id      text NOT NULL,
        user_id        text NOT NULL,
        cron           text NOT NULL,
        time_zone      text NOT NULL,
        window_minutes int NOT NULL CHECK (window_minutes BETWEEN 1 AND 720),
        enabled        boolean NOT NULL,
        deliver        text[] NOT NULL DEFAULT '{}',
        next_window    timestamptz,
        updated_at     timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, user_id),
        FOREIGN KEY (tenant_id, user_id) REFERENCES users
      );
      CREATE INDEX briefing_schedules_due ON briefing_schedules (next_window) WHERE enabled;
      COMMENT ON COLUMN briefing_schedules.next_window IS 'when the next window opens that no job has been made for';

      CALL bind_to_tenant('task_books');
      CALL bind_to_tenant('tasks');
      CALL bind_to_tenant('task_items');
      CALL bind_to_tenant('task_decisions');
      CALL bind_to_tenant('briefings');
      CALL bind_to_tenant('briefing_schedules');

      GRANT SELECT, INSERT, UPDATE, DELETE
        ON task_books, tasks, task_items, task_decisions, briefings, briefing_schedules TO openclaw_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE briefing_schedules, briefings, task_decisions, task_items, tasks, task_books`);
  }
}
