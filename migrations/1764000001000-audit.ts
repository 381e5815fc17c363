import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * The audit log: entries by month that nobody can change, the sequence of each writer, and the one function that
 * appends.
 *
 * Who may do what:
 * - the application appends through `audit_append` and has no INSERT, UPDATE, DELETE or TRUNCATE anywhere here;
 * - it searches through the view `audit_log`, which is bound to the tenant of the transaction. Row-level security on
 *   the table itself would keep PostgreSQL from using the GIN indexes, because their operators are not leakproof; the
 *   view is read with its owner's rights, for whom the policy below says true and so vanishes from the plan;
 * - UPDATE, DELETE and TRUNCATE are refused by trigger for everybody, the owner included.
 */
export class Audit1764000001000 implements MigrationInterface {
  readonly name = 'Audit1764000001000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE audit_entries (
        id                  text COLLATE "C" NOT NULL CHECK (length(id) = 26),
        tenant_id           text COLLATE "C" NOT NULL,
        timestamp           timestamptz(3) NOT NULL,
        user_id             text COLLATE "C",
        org_id              text COLLATE "C",
        team_ids            text[],
        actor               text NOT NULL,
        action_type         text COLLATE "C" NOT NULL,
        action_detail       jsonb NOT NULL,
        data_accessed       jsonb,
        model_used          text,
        model_tokens        jsonb,
        data_classification text COLLATE "C",
        policy_applied      jsonb,
        policy_result       text COLLATE "C",
        policy_reason       text,
        outcome             text COLLATE "C" NOT NULL,
        request_id          text COLLATE "C",
        keys                text[] COLLATE "C",
        writer              text COLLATE "C" NOT NULL,
        writer_seq          bigint NOT NULL,
        PRIMARY KEY (id, timestamp)
      ) PARTITION BY RANGE (timestamp);
      COMMENT ON COLUMN audit_entries.timestamp IS 'the millisecond part of id';
      COMMENT ON COLUMN audit_entries.team_ids IS 'teams of the person at that time; null: none';
      COMMENT ON COLUMN audit_entries.keys IS
        'source/<tenant>/<source> of data_accessed and team/<tenant>/<team>, for one GIN index; null: none';
      COMMENT ON COLUMN audit_entries.writer_seq IS 'gap-free for each tenant and writer, from 1';

      CALL bind_to_tenant('audit_entries');
      DO $$ BEGIN
        EXECUTE format('CREATE POLICY owner ON audit_entries TO %I USING (true) WITH CHECK (true)', current_user);
      END $$;

      -- Words of the reason and the detail, the first 4096 characters of them, and the tenant as one more word. Of a
      -- decision, what was asked: what every policy said of it would be most of the index and is nothing people look for.
      CREATE FUNCTION audit_words(tenant_id text, action_detail jsonb, policy_reason text) RETURNS tsvector
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN to_tsvector('simple'::regconfig, left(coalesce(policy_reason, '') || ' ' ||
            CASE WHEN action_detail ? 'engine'
              THEN concat_ws(' ', action_detail #>> '{subject,userId}', action_detail ->> 'resource', action_detail ->> 'context')
              ELSE action_detail #>> '{}' END, 4096))
          || array_to_tsvector(ARRAY['tenant/' || tenant_id]);

      CREATE INDEX audit_entries_time ON audit_entries (tenant_id, timestamp, id);
      CREATE INDEX audit_entries_user ON audit_entries (tenant_id, user_id, timestamp, id)
        WHERE user_id IS NOT NULL;
      CREATE INDEX audit_entries_org ON audit_entries (tenant_id, org_id, timestamp, id)
        WHERE org_id IS NOT NULL;
      CREATE INDEX audit_entries_action ON audit_entries (tenant_id, action_type, timestamp, id);
      CREATE INDEX audit_entries_outcome ON audit_entries (tenant_id, outcome, timestamp, id);
      CREATE INDEX audit_entries_result ON audit_entries (tenant_id, policy_result, timestamp, id)
        WHERE policy_result IS NOT NULL;
      CREATE INDEX audit_entries_classification
        ON audit_entries (tenant_id, data_classification, timestamp, id)
        WHERE data_classification IS NOT NULL;
      CREATE INDEX audit_entries_request ON audit_entries (tenant_id, request_id, timestamp, id)
        WHERE request_id IS NOT NULL;
      CREATE INDEX audit_entries_sequence ON audit_entries (tenant_id, writer, writer_seq);
      -- A short list of pending keys: measured, it takes the 100 ms stops of the default (4 MB) away and costs nothing.
      CREATE INDEX audit_entries_keys ON audit_entries USING gin (keys) WITH (gin_pending_list_limit = 256);
      CREATE INDEX audit_entries_words
        ON audit_entries USING gin (audit_words(tenant_id, action_detail, policy_reason))
        WITH (gin_pending_list_limit = 256);

      CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'The audit log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'insufficient_privilege';
      END $$;

      CREATE PROCEDURE audit_make_immutable(tab regclass) LANGUAGE plpgsql AS $$ BEGIN
        EXECUTE format(
          'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
             FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()', tab);
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, openclaw_app', tab);
      END $$;
      CALL audit_make_immutable('audit_entries');

      -- Makes the partitions of this month and so many months after it. Replicas that call at once take turns.
      -- A partition is made aside and attached, so that reading and appending go on meanwhile.
      CREATE FUNCTION audit_ensure_partitions(months_ahead int) RETURNS text[]
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
      DECLARE
        month timestamptz;
        tab text;
        made text[] := '{}';
      BEGIN
        IF months_ahead NOT BETWEEN 0 AND 120 THEN
          RAISE EXCEPTION 'months_ahead is %, accepted: 0 to 120', months_ahead USING ERRCODE = 'invalid_parameter_value';
        END IF;
        PERFORM pg_advisory_xact_lock(7261530413);
        FOR month IN
          SELECT date_trunc('month', now()) + make_interval(months => n) FROM generate_series(0, months_ahead) n
        LOOP
          tab := 'audit_entries_' || to_char(month, 'YYYY_MM');
          CONTINUE WHEN to_regclass('public.' || tab) IS NOT NULL;
          EXECUTE format('CREATE TABLE public.%I (LIKE public.audit_entries INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', tab);
          CALL public.bind_to_tenant(format('public.%I', tab)::regclass);
          CALL public.audit_make_immutable(format('public.%I', tab)::regclass);
          EXECUTE format('ALTER TABLE public.audit_entries ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
            tab, month, month + interval '1 month');
          made := made || tab;
        END LOOP;
        RETURN made;
      END $$;

      -- The sequence of each writer. A row is changed by its own writer only, so no two processes wait for each other.
      CREATE TABLE audit_writers (
        tenant_id  text COLLATE "C" NOT NULL,
        writer     text COLLATE "C" NOT NULL,
        last_seq   bigint NOT NULL,
        started_at timestamptz(3) NOT NULL,
        last_at    timestamptz(3) NOT NULL,
        closed_at  timestamptz(3),
        PRIMARY KEY (tenant_id, writer)
      ) WITH (fillfactor = 50);
      COMMENT ON COLUMN audit_writers.closed_at IS 'when the writer said that last_seq is its final number; null: open';

      -- What the completeness check has seen, so that it need not begin anew.
      CREATE TABLE audit_checks (
        tenant_id   text COLLATE "C" NOT NULL,
        writer      text COLLATE "C" NOT NULL,
        checked_seq bigint NOT NULL,
        swept_seq   bigint NOT NULL,
        PRIMARY KEY (tenant_id, writer)
      );
      COMMENT ON COLUMN audit_checks.checked_seq IS 'everything up to here has been read at least once';
      COMMENT ON COLUMN audit_checks.swept_seq IS 'how far the present pass of reading it again has come';
      CREATE TABLE audit_gaps (
        tenant_id text COLLATE "C" NOT NULL,
        writer    text COLLATE "C" NOT NULL,
        after     bigint NOT NULL,
        before    bigint NOT NULL CHECK (before > after + 1),
        PRIMARY KEY (tenant_id, writer, after)
      );
      CALL bind_to_tenant('audit_writers');
      CALL bind_to_tenant('audit_checks');
      CALL bind_to_tenant('audit_gaps');
      DO $$ BEGIN
        EXECUTE format('CREATE POLICY owner ON audit_writers TO %I USING (true) WITH CHECK (true)', current_user);
      END $$;

      -- Appends a batch in one statement: all of it or nothing. Numbers are given here, under the lock of the counter:
      -- what is rolled back leaves no gap, and a batch whose first answer was lost can be sent again as it is.
      -- tenants: [{tenant_id, floor, n}]: n entries follow for this tenant, and the writer has been told that its
      --   numbers up to floor are stored. If the database has forgotten some of them, the gap stays visible.
      -- may_repeat: some ids may be stored already (sent again, or chosen by the caller) and are then left out.
      CREATE FUNCTION audit_append(writer_id text, tenants json, entries json, may_repeat boolean)
        RETURNS TABLE (tenant text, last bigint)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
      DECLARE
        expected bigint;
        stored bigint;
      BEGIN
        INSERT INTO audit_writers (tenant_id, writer, last_seq, started_at, last_at)
          SELECT t.tenant_id, writer_id, 0, now(), now() FROM json_to_recordset(tenants) t(tenant_id text)
          WHERE NOT EXISTS (SELECT FROM audit_writers w WHERE w.tenant_id = t.tenant_id AND w.writer = writer_id)
          ORDER BY t.tenant_id
          ON CONFLICT DO NOTHING;

        IF may_repeat THEN
          -- Wait for a statement of this writer that may still run, then look what is there.
          PERFORM FROM audit_writers w
            WHERE w.writer = writer_id AND w.tenant_id IN (SELECT t.tenant_id FROM json_to_recordset(tenants) t(tenant_id text))
            ORDER BY w.tenant_id FOR UPDATE;
          SELECT coalesce(json_agg(e.entry ORDER BY e.ord), '[]') INTO entries
            FROM json_array_elements(entries) WITH ORDINALITY e(entry, ord)
            WHERE NOT EXISTS (
              SELECT FROM audit_entries x
              WHERE x.id = e.entry->>'id' AND x.timestamp = to_timestamp((e.entry->>'ms')::bigint / 1000.0)
                AND x.tenant_id = e.entry->>'tenant_id');
          SELECT json_agg(json_build_object('tenant_id', t.tenant_id, 'floor', t.floor, 'n',
              (SELECT count(*) FROM json_array_elements(entries) e WHERE e->>'tenant_id' = t.tenant_id))) INTO tenants
            FROM json_to_recordset(tenants) t(tenant_id text, floor bigint);
        END IF;

        UPDATE audit_writers w
          SET last_seq = greatest(w.last_seq, t.floor) + t.n, last_at = now(), closed_at = NULL
          FROM json_to_recordset(tenants) t(tenant_id text, floor bigint, n bigint)
          WHERE w.tenant_id = t.tenant_id AND w.writer = writer_id;

        INSERT INTO audit_entries (
            id, tenant_id, timestamp, user_id, org_id, team_ids, actor, action_type, action_detail, data_accessed,
            model_used, model_tokens, data_classification, policy_applied, policy_result, policy_reason, outcome,
            request_id, keys, writer, writer_seq)
          SELECT
            e.id, e.tenant_id, to_timestamp(e.ms / 1000.0), e.user_id, e.org_id, e.team_ids, e.actor, e.action_type,
            e.action_detail, e.data_accessed, e.model_used, e.model_tokens, e.data_classification, e.policy_applied,
            e.policy_result, e.policy_reason, e.outcome, e.request_id, e.keys, writer_id,
            w.last_seq - t.n + row_number() OVER (PARTITION BY e.tenant_id ORDER BY e.ord)
          FROM ROWS FROM (json_to_recordset(entries) AS (
              id text, tenant_id text, ms bigint, user_id text, org_id text, team_ids text[], actor text,
              action_type text, action_detail jsonb, data_accessed jsonb, model_used text, model_tokens jsonb,
              data_classification text, policy_applied jsonb, policy_result text, policy_reason text, outcome text,
              request_id text, keys text[])) WITH ORDINALITY
            e(id, tenant_id, ms, user_id, org_id, team_ids, actor, action_type, action_detail, data_accessed,
              model_used, model_tokens, data_classification, policy_applied, policy_result, policy_reason, outcome,
              request_id, keys, ord)
            JOIN json_to_recordset(tenants) t(tenant_id text, n bigint) ON t.tenant_id = e.tenant_id
            JOIN audit_writers w ON w.tenant_id = e.tenant_id AND w.writer = writer_id;
        GET DIAGNOSTICS stored = ROW_COUNT;
        SELECT sum(t.n) INTO expected FROM json_to_recordset(tenants) t(n bigint);
        IF stored <> expected THEN
          RAISE EXCEPTION 'audit_append stored % entries where % were announced', stored, expected;
        END IF;

        RETURN QUERY SELECT w.tenant_id, w.last_seq FROM audit_writers w
          JOIN json_to_recordset(tenants) t(tenant_id text) ON t.tenant_id = w.tenant_id WHERE w.writer = writer_id;
      END $$;

      -- The writer stops: its present numbers are its final ones.
      CREATE FUNCTION audit_close_writer(writer_id text) RETURNS void
        LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
        AS $$ UPDATE audit_writers SET closed_at = now() WHERE writer = writer_id AND closed_at IS NULL $$;

      CREATE VIEW audit_log AS
        SELECT id, tenant_id, timestamp, user_id, org_id, team_ids, actor, action_type, action_detail, data_accessed,
          model_used, model_tokens, data_classification, policy_applied, policy_result, policy_reason, outcome,
          request_id, keys, writer, writer_seq
        FROM audit_entries WHERE tenant_id = current_setting('openclaw.tenant', true);

      REVOKE ALL ON FUNCTION audit_append, audit_close_writer, audit_ensure_partitions FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION audit_append, audit_close_writer, audit_ensure_partitions TO openclaw_app;
      GRANT SELECT ON audit_entries, audit_log, audit_writers TO openclaw_app;
      GRANT SELECT, INSERT, UPDATE ON audit_checks TO openclaw_app;
      GRANT SELECT, INSERT, DELETE ON audit_gaps TO openclaw_app;

      SELECT audit_ensure_partitions(12);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP VIEW audit_log;
      DROP FUNCTION audit_append, audit_close_writer, audit_ensure_partitions;
      DROP TABLE audit_gaps, audit_checks, audit_writers, audit_entries;
      DROP PROCEDURE audit_make_immutable;
      DROP FUNCTION audit_refuse_change, audit_words;
    `);
  }
}
