/** The statements on schedules. Tenant binding comes from the transaction (row-level security). */

export interface ScheduleRow {
  tenant_id: string;
  user_id: string;
  cron: string;
  time_zone: string;
  window_minutes: number;
  enabled: boolean;
  deliver: string[];
  next_window: Date | null;
  updated_at: Date;
  /** False: nobody has written it, and it follows the settings and the person. */
  own: boolean;
}

export interface DueRow extends ScheduleRow {
  has_left: boolean;
}

const COLUMNS = `tenant_id, user_id, cron, time_zone, window_minutes, enabled, deliver, next_window, updated_at, own`;

export const FIND_SCHEDULE = `SELECT ${COLUMNS} FROM briefing_schedules WHERE user_id = $1`;

export const PUT_SCHEDULE = `
  INSERT INTO briefing_schedules (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, true)
  ON CONFLICT (tenant_id, user_id) DO UPDATE SET cron = excluded.cron, time_zone = excluded.time_zone,
    window_minutes = excluded.window_minutes, enabled = excluded.enabled, deliver = excluded.deliver,
    next_window = excluded.next_window, updated_at = excluded.updated_at, own = true
  RETURNING ${COLUMNS}`;

/** The usual schedule ($1 cron, $2 minutes) for people who have a connector and have said nothing. */
export const ADD_USUAL_SCHEDULES = `
  INSERT INTO briefing_schedules (tenant_id, user_id, cron, time_zone, window_minutes, enabled, updated_at, own)
  SELECT u.tenant_id, u.id, $1, u.time_zone, $2, true, now(), false FROM users u
  WHERE u.active AND EXISTS (SELECT FROM connector_syncs s WHERE s.tenant_id = u.tenant_id AND s.user_id = u.id)
    AND NOT EXISTS (SELECT FROM briefing_schedules b WHERE b.tenant_id = u.tenant_id AND b.user_id = u.id)
  ON CONFLICT DO NOTHING`;

/** Usual schedules take on what the usual schedule is by now ($1 cron, $2 minutes), in the time zone that their person has by now. */
export const FOLLOW_USUAL = `
  UPDATE briefing_schedules b SET cron = $1, time_zone = u.time_zone, window_minutes = $2, next_window = NULL, updated_at = now()
  FROM users u WHERE u.tenant_id = b.tenant_id AND u.id = b.user_id AND NOT b.own
    AND (b.cron, b.time_zone, b.window_minutes) IS DISTINCT FROM ($1, u.time_zone, $2)`;

/** There is no usual schedule any more. */
export const FORGET_USUAL_SCHEDULES = `DELETE FROM briefing_schedules WHERE NOT own`;

const HAS_LEFT = `NOT EXISTS (SELECT FROM users u WHERE u.tenant_id = b.tenant_id AND u.id = b.user_id AND u.active)`;

/** The usual schedule is for people who are here. */
export const FORGET_WHO_LEFT = `DELETE FROM briefing_schedules b WHERE NOT own AND ${HAS_LEFT}`;

/** What people have written goes on when they come back, without the windows between. */
export const WAKE_WHO_CAME_BACK = `
  UPDATE briefing_schedules b SET next_window = NULL WHERE enabled AND next_window = 'infinity' AND NOT ${HAS_LEFT}`;

/** Rows ($2 at most) whose window has opened by $1, or of which nobody knows when it does; other processes pass them over. */
export const TAKE_DUE_SCHEDULES = `
  SELECT ${COLUMNS}, ${HAS_LEFT} AS has_left FROM briefing_schedules b WHERE enabled AND (next_window IS NULL OR next_window <= $1)
  ORDER BY next_window NULLS FIRST LIMIT $2 FOR UPDATE SKIP LOCKED`;

/** $1 [{tenant_id, user_id, next_window}] as JSON; 'infinity' where none comes any more */
export const ADVANCE_SCHEDULES = `
  UPDATE briefing_schedules b SET next_window = r.next_window
  FROM jsonb_to_recordset($1::jsonb) AS r(tenant_id text, user_id text, next_window timestamptz)
  WHERE b.tenant_id = r.tenant_id AND b.user_id = r.user_id`;

export const NOTE_DELIVERY = `
  UPDATE briefings SET delivered = delivered || $2::jsonb WHERE id = $1`;

export const DELIVERED = `SELECT delivered FROM briefings WHERE id = $1 FOR UPDATE`;
