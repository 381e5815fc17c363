/** The statements of the directory. Tenant binding comes from the transaction (row-level security). */

const COLUMNS = `u.tenant_id, u.id, u.email, u.name, u.org_id, u.team_ids, u.roles, u.manager_id, u.time_zone, u.active`;

export const FIND_USER = `SELECT ${COLUMNS} FROM users u WHERE u.id = $1 AND u.active`;

/** $1 tenants and $2 ids, side by side. Runs across tenants. */
export const FIND_USERS_ANYWHERE = `
  SELECT ${COLUMNS} FROM unnest($1::text[], $2::text[]) AS k (tenant_id, id)
  JOIN users u ON u.tenant_id = k.tenant_id AND u.id = k.id WHERE u.active`;

/** $1 addresses. Runs across tenants. */
export const FIND_USERS_BY_EMAIL = `
  SELECT k.email AS asked, ${COLUMNS} FROM unnest($1::text[]) AS k (email)
  JOIN users u ON lower(u.email) = lower(k.email) WHERE u.active`;

export const FIND_USER_BY_EMAIL = `SELECT ${COLUMNS} FROM users u WHERE lower(u.email) = lower($1) AND u.active`;

/** Also who has left. */
export const FIND_USERS = `SELECT ${COLUMNS} FROM users u WHERE u.id = ANY($1)`;

/** $1 after id, $2 org or null, $3 sees all, $4 org ids, $5 team ids, $6 user ids, $7 limit */
export const LIST_USERS = `
  SELECT ${COLUMNS} FROM users u
  WHERE u.active AND u.id > $1 AND ($2::text IS NULL OR u.org_id = $2)
    AND ($3 OR u.org_id = ANY($4) OR u.team_ids && $5 OR u.id = ANY($6))
  ORDER BY u.id LIMIT $7`;

export const UPSERT_USERS = `
  INSERT INTO users AS u (tenant_id, id, email, name, org_id, team_ids, roles, manager_id, time_zone)
  SELECT $1, r.id, r.email, r.name, r."orgId", r."teamIds", r.roles, r."managerId", r."timeZone"
  FROM jsonb_to_recordset($2::jsonb)
    AS r(id text, email text, name text, "orgId" text, "teamIds" text[], roles text[], "managerId" text, "timeZone" text)
  ON CONFLICT (tenant_id, id) DO UPDATE SET
    email = excluded.email, name = excluded.name, org_id = excluded.org_id, team_ids = excluded.team_ids,
    roles = excluded.roles, manager_id = excluded.manager_id, time_zone = excluded.time_zone,
    active = true, updated_at = now()
  RETURNING u.id, (xmax = 0) AS created`;

export const ADD_ORGS = `
  INSERT INTO orgs (tenant_id, id, name) SELECT $1, o, o FROM unnest($2::text[]) o ON CONFLICT DO NOTHING`;

export const ADD_TEAMS = `
  INSERT INTO teams (tenant_id, id, org_id, name) SELECT $1, t.id, t.org, t.id
  FROM unnest($2::text[], $3::text[]) AS t(id, org) ON CONFLICT DO NOTHING`;

export const TEAMS = `SELECT id, org_id FROM teams WHERE id = ANY($1)`;

export const DEACTIVATE_USER = `UPDATE users SET active = false, updated_at = now() WHERE id = $1 AND active RETURNING id`;

export const END_SESSIONS_OF_USER = `DELETE FROM sessions WHERE user_id = $1`;

export const COUNT_ADMINS = `SELECT count(*)::int AS n FROM users WHERE active AND 'enterprise_admin' = ANY(roles)`;

/** $1 domains of e-mail addresses: which tenants claim them? Runs across tenants. */
export const DOMAIN_OWNERS = `
  SELECT tenant_id, d AS domain FROM tenants, unnest(email_domains) d WHERE d = ANY($1)`;

/** Held until the end of the transaction: changes of one tenant's directory take turns. */
export const LOCK_DIRECTORY = `SELECT 1 FROM tenants WHERE tenant_id = $1 FOR UPDATE`;

export const ORG_EXISTS = `SELECT 1 FROM orgs WHERE id = $1`;
export const TEAM_ORG = `SELECT org_id FROM teams WHERE id = $1`;
