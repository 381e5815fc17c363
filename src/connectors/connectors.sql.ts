import type { ConnectorType, WorkItem } from './work-item.ts';

/** The statements on connectors and what they have found. Tenant binding comes from the transaction (row-level security). */

export type SyncState = 'ok' | 'partial' | 'unreachable';

export interface ConnectorRow {
  tenant_id: string;
  id: string;
  type: ConnectorType;
  /** Null: serves everybody in the tenant who has none of their own. */
  user_id: string | null;
  base_url: string | null;
  config: Record<string, unknown>;
  /** Sealed. */
  credentials: string;
  /** Rises with each change of the credentials. */
  credentials_version: string;
  credentials_kind: string;
  /** Sealed. */
  webhook_secret: string;
  created_by: string;
  created_at: Date;
  updated_at: Date;
}

export interface SyncRow {
  connector_id: string;
  user_id: string;
  cursor: string | null;
  generation: string;
  full_generation: string | null;
  state: SyncState;
  reason: string | null;
  last_sync: Date | null;
  last_try: Date | null;
  failures: number;
  next_sync_at: Date;
}

const COLUMNS = `c.tenant_id, c.id, c.type, c.user_id, c.base_url, c.config, c.credentials, c.credentials_version,
  c.credentials_kind, c.webhook_secret, c.created_by, c.created_at, c.updated_at`;

export const INSERT_CONNECTOR = `
  INSERT INTO connectors AS c (tenant_id, id, type, user_id, base_url, config, credentials, credentials_kind, webhook_secret,
    created_by, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) RETURNING ${COLUMNS}`;

/** What is null stays as it is. */
export const UPDATE_CONNECTOR = `
  UPDATE connectors c SET base_url = CASE WHEN $2 THEN $3 ELSE c.base_url END, config = coalesce($4::jsonb, c.config),
    credentials = coalesce($5, c.credentials), credentials_kind = coalesce($6, c.credentials_kind),
    credentials_version = c.credentials_version + CASE WHEN $5 IS NULL THEN 0 ELSE 1 END, updated_at = $7
  WHERE c.id = $1 RETURNING ${COLUMNS}`;

/** New tokens, unless somebody else has stored newer ones since version $3 was read. */
export const RENEW_CREDENTIALS = `
  UPDATE connectors c SET credentials = $2, credentials_version = c.credentials_version + 1
  WHERE c.id = $1 AND c.credentials_version = $3 RETURNING c.credentials_version`;

export const DELETE_CONNECTOR = `DELETE FROM connectors WHERE id = $1 RETURNING id`;

export const FIND_CONNECTOR = `SELECT ${COLUMNS} FROM connectors c WHERE c.id = $1`;

/** No row where another process holds it. What only refers to the connector is not kept waiting. */
export const LOCK_CONNECTOR = `${FIND_CONNECTOR} FOR NO KEY UPDATE SKIP LOCKED`;

/** Connectors of all tenants after id $1 of which something is sealed with another key than $2; at most $3. */
export const SEALED_BEFORE = `
  SELECT ${COLUMNS} FROM connectors c
  WHERE c.id > $1 AND (split_part(c.credentials, '.', 2) <> $2 OR split_part(c.webhook_secret, '.', 2) <> $2)
  ORDER BY c.id LIMIT $3`;

/** The same secrets under another seal, unless they have changed meanwhile. */
export const RESEAL = `
  UPDATE connectors SET credentials = $4, webhook_secret = $5
  WHERE id = $1 AND credentials = $2 AND webhook_secret = $3 RETURNING 1`;

/** $1 after id, $2 sees all, $3 org ids, $4 user ids, $5 limit; those that serve everybody included */
export const LIST_CONNECTORS = `
  SELECT ${COLUMNS} FROM connectors c LEFT JOIN users u ON u.tenant_id = c.tenant_id AND u.id = c.user_id
  WHERE c.id > $1 AND ($2 OR c.user_id IS NULL OR u.org_id = ANY($3) OR c.user_id = ANY($4))
  ORDER BY c.id LIMIT $5`;

/** Through which connector person $1 reaches systems of type $2: their own, else the tenant's. */
export const CONNECTOR_OF_PERSON = `
  SELECT ${COLUMNS} FROM connectors c WHERE c.type = $2 AND (c.user_id = $1 OR c.user_id IS NULL)
  ORDER BY c.user_id NULLS LAST LIMIT 1`;

/** Every connector that serves person $1, one a type. */
export const CONNECTORS_OF_PERSON = `
  SELECT DISTINCT ON (c.type) ${COLUMNS} FROM connectors c WHERE c.user_id = $1 OR c.user_id IS NULL
  ORDER BY c.type, c.user_id NULLS LAST`;

/**
 * A sync for each person whom a connector serves ($1 connector or null, $2 person or null), due within $3 seconds so that
 * a new connector of many people does not start all of them at once.
 */
export const PLAN_SYNCS = `
  INSERT INTO connector_syncs (tenant_id, connector_id, user_id, next_sync_at)
  SELECT c.tenant_id, c.id, u.id, now() + random() * $3 * interval '1 second'
  FROM connectors c JOIN users u ON u.tenant_id = c.tenant_id AND u.active AND (u.id = c.user_id OR (c.user_id IS NULL
    AND NOT EXISTS (SELECT FROM connectors o WHERE o.tenant_id = c.tenant_id AND o.type = c.type AND o.user_id = u.id)))
  WHERE ($1::text IS NULL OR c.id = $1) AND ($2::text IS NULL OR u.id = $2)
    AND NOT EXISTS (SELECT FROM connector_syncs s
      WHERE s.tenant_id = c.tenant_id AND s.connector_id = c.id AND s.user_id = u.id)
  ON CONFLICT DO NOTHING`;

/** A connector of one's own takes the place of the tenant's, with what that one has found. */
export const FORGET_SHARED_SYNCS = `
  WITH shared AS (SELECT id FROM connectors WHERE type = $1 AND user_id IS NULL),
    items AS (DELETE FROM work_items w USING shared WHERE w.connector_id = shared.id AND w.user_id = $2)
  DELETE FROM connector_syncs s USING shared WHERE s.connector_id = shared.id AND s.user_id = $2`;

const SYNC_COLUMNS = `s.connector_id, s.user_id, s.cursor, s.generation, s.full_generation, s.state, s.reason, s.last_sync,
  s.last_try, s.failures, s.next_sync_at`;

/** Nobody else syncs this row until $4 seconds have passed; one whose process died is taken over then. */
export const TAKE_LEASE = `
  UPDATE connector_syncs s SET lease_owner = $3, lease_until = now() + $4 * interval '1 second', last_try = now()
  WHERE s.connector_id = $1 AND s.user_id = $2 AND (s.lease_until IS NULL OR s.lease_until < now())
  RETURNING ${SYNC_COLUMNS}`;

/** The page's place in the sync: only for the holder of the lease, who keeps it for $6 seconds more. */
export const KEEP_CURSOR = `
  UPDATE connector_syncs s SET cursor = $4, generation = $5, full_generation = $7,
    lease_until = now() + $6 * interval '1 second'
  WHERE s.connector_id = $1 AND s.user_id = $2 AND s.lease_owner = $3 AND s.lease_until >= now() RETURNING 1`;

export const RENEW_LEASE = `
  UPDATE connector_syncs s SET lease_until = now() + $4 * interval '1 second'
  WHERE s.connector_id = $1 AND s.user_id = $2 AND s.lease_owner = $3 AND s.lease_until >= now() RETURNING 1`;

/** The end of a sync, good or bad; $9 says that it came to its end. */
export const END_SYNC = `
  UPDATE connector_syncs s SET state = $4, reason = $5, last_error = $6, failures = $7,
    next_sync_at = now() + $8 * interval '1 second', lease_owner = NULL, lease_until = NULL,
    last_sync = CASE WHEN $9 THEN now() ELSE s.last_sync END
  WHERE s.connector_id = $1 AND s.user_id = $2 AND s.lease_owner = $3`;

/** $1 tenant, $2 person, $3 system, $4 connector, $5 generation, $6 items as JSON; what has not changed keeps its time */
export const PUT_ITEMS = `
  INSERT INTO work_items AS w (tenant_id, user_id, system, external_id, connector_id, item, generation, changed_at)
  SELECT $1, $2, $3, i->>'id', $4, i, $5, now() FROM jsonb_array_elements($6::jsonb) i
  ON CONFLICT (tenant_id, user_id, system, external_id) DO UPDATE SET
    item = excluded.item, generation = excluded.generation, connector_id = excluded.connector_id,
    changed_at = CASE WHEN w.item = excluded.item THEN w.changed_at ELSE excluded.changed_at END`;

export const REMOVE_ITEMS = `DELETE FROM work_items WHERE user_id = $1 AND system = $2 AND external_id = ANY($3)`;

/** After a full sync: what it has not seen. */
export const REMOVE_UNSEEN = `
  DELETE FROM work_items WHERE user_id = $1 AND connector_id = $2 AND generation < $3`;

export interface ItemRow {
  item: WorkItem;
}

export const ITEMS_OF_PERSON = `SELECT item FROM work_items WHERE user_id = $1 ORDER BY system, external_id`;

export const COUNT_ITEMS = `
  SELECT count(*)::int AS n FROM work_items WHERE connector_id = $1 AND ($2::text IS NULL OR user_id = $2)`;

export const SYNC_OF_PERSON = `SELECT ${SYNC_COLUMNS} FROM connector_syncs s WHERE s.connector_id = $1 AND s.user_id = $2`;

/** How the syncs of one connector stand, all people together. */
export const SYNCS_OF_CONNECTOR = `
  SELECT s.state, count(*)::int AS n, max(s.last_sync) AS last_sync, min(s.reason) AS reason
  FROM connector_syncs s WHERE s.connector_id = $1 GROUP BY s.state`;

/** `last_error` where policy has said no. */
export const DENIED = 'denied';

export interface StatusRow extends SyncRow {
  type: ConnectorType;
  last_error: string | null;
}

/** The connectors that serve person $1, with how each stands; one that has not been planned yet has nulls. */
export const STATUS_OF_PERSON = `
  SELECT DISTINCT ON (c.type) c.type, c.id AS connector_id, s.user_id, s.cursor, s.generation, s.full_generation, s.state,
    s.reason, s.last_error, s.last_sync, s.last_try, s.failures, s.next_sync_at
  FROM connectors c LEFT JOIN connector_syncs s ON s.tenant_id = c.tenant_id AND s.connector_id = c.id AND s.user_id = $1
  WHERE c.user_id = $1 OR c.user_id IS NULL ORDER BY c.type, c.user_id NULLS LAST`;

/**
 * Rows that are due, and those whose process died with its lease, across tenants: at most $1, taken off the list for $2
 * seconds so that no two processes send a job for the same one. Inactive people are left alone.
 */
export const TAKE_DUE = `
  UPDATE connector_syncs s SET next_sync_at = now() + $2 * interval '1 second', lease_owner = NULL, lease_until = NULL
  FROM (SELECT d.tenant_id, d.connector_id, d.user_id FROM connector_syncs d
    JOIN users u ON u.tenant_id = d.tenant_id AND u.id = d.user_id AND u.active
    WHERE (d.next_sync_at <= now() AND d.lease_until IS NULL) OR d.lease_until < now()
    ORDER BY d.next_sync_at LIMIT $1 FOR UPDATE OF d SKIP LOCKED) due
  WHERE s.tenant_id = due.tenant_id AND s.connector_id = due.connector_id AND s.user_id = due.user_id
  RETURNING s.tenant_id, s.connector_id, s.user_id`;

/** Everybody whom a connector serves is due within $2 seconds. */
export const HASTEN = `
  UPDATE connector_syncs SET next_sync_at = least(next_sync_at, now() + random() * $2 * interval '1 second')
  WHERE connector_id = $1`;

/** Stores a delivery's id; no row where it has come before. */
export const KEEP_DELIVERY = `
  INSERT INTO webhook_deliveries (tenant_id, connector_id, delivery_id, received_at) VALUES ($1, $2, $3, now())
  ON CONFLICT DO NOTHING RETURNING 1 AS fresh`;

export const FORGET_DELIVERIES = `DELETE FROM webhook_deliveries WHERE received_at < now() - interval '14 days'`;
