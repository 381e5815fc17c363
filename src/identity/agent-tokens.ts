import { createHash, randomBytes } from 'node:crypto';
import { AuditLog } from '#audit';
import { type AgentPrincipal, type Principal, principalName } from '#libs/access';
import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { instant, invalid, Problem } from '#libs/http';
import { Notices } from '#libs/redis';
import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { z } from 'zod';
import { directoryId } from './directory.schema.ts';
import { FIND_USERS } from './directory.sql.ts';
import { Lookups } from './lookups.ts';
import { adminEntry } from './people.ts';
import type { PersonRow } from './person.ts';

const PREFIX = 'oce_agent_';

export const NEW_TOKEN = z.strictObject({
  name: z.string().trim().min(1).max(200),
  userIds: z.union(
    [z.literal('*'), z.array(directoryId).min(1).max(10_000)],
    'must be a list of user ids, or "*" for everybody in the tenant',
  ),
  expiresAt: instant().optional(),
});
export type NewToken = z.output<typeof NEW_TOKEN>;

export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  readonly userIds: readonly string[] | '*';
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

interface TokenRow {
  tenant_id: string;
  id: string;
  name: string;
  user_ids: string[] | null;
  created_by: string;
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
}

/** Tokens of assistants: shown once, kept as a hash, bound to named people of one tenant, revocable. */
@Injectable()
export class AgentTokens {
  private readonly byToken: (token: string) => Promise<TokenRow | undefined>;

  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    private readonly lookups: Lookups,
    private readonly notices: Notices,
  ) {
    this.byToken = lookups.keeping((tokens) => this.loadAll(tokens));
  }

  /** Tells an agent token from an OIDC one. */
  static looksLike(token: string): boolean {
    return token.startsWith(PREFIX);
  }

  async verify(token: string): Promise<AgentPrincipal | undefined> {
    const row = await this.byToken(token);
    if (!row || row.revoked_at || (row.expires_at && row.expires_at.getTime() <= this.clock.now())) return undefined;
    return { kind: 'agent', tenantId: row.tenant_id, tokenId: row.id, name: row.name, userIds: row.user_ids ?? '*' };
  }

  async create(principal: Principal, input: NewToken, requestId: string): Promise<TokenInfo & { token: string }> {
    const now = this.clock.now();
    if (input.expiresAt && Date.parse(input.expiresAt) <= now)
      throw invalid('expiresAt', `"${input.expiresAt}" has passed; a time to come is accepted`);
    const token = PREFIX + randomBytes(32).toString('base64url');
    const { tenantId } = principal;
    const row: TokenRow = {
      tenant_id: tenantId,
      id: ulid(now),
      name: input.name,
      user_ids: input.userIds === '*' ? null : [...new Set(input.userIds)],
      created_by: principalName(principal),
      created_at: new Date(now),
      expires_at: input.expiresAt ? new Date(input.expiresAt) : null,
      revoked_at: null,
    };
    await this.database.tenant(tenantId, async (tx) => {
      if (row.user_ids) {
        const known: PersonRow[] = await tx.query(FIND_USERS, [row.user_ids]);
        const active = new Set(known.filter((user) => user.active).map((user) => user.id));
        const unknown = row.user_ids.findIndex((id) => !active.has(id));
        if (unknown >= 0)
          throw invalid(`userIds.${unknown}`, `"${row.user_ids[unknown]}" is nobody in this tenant's directory`);
      }
      await tx.query(
        `INSERT INTO agent_tokens (tenant_id, id, name, token_hash, user_ids, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [tenantId, row.id, row.name, hash(token), row.user_ids, row.created_by, row.created_at, row.expires_at],
      );
      const detail = { id: row.id, name: row.name, userIds: row.user_ids ?? '*' };
      await this.audit.appendWithin(tx, adminEntry(principal, requestId, 'agent-tokens.create', detail));
    });
    return { ...toInfo(row), token };
  }

  async list(principal: Principal): Promise<{ items: TokenInfo[]; nextCursor: null }> {
    const rows: TokenRow[] = await this.database.tenant(principal.tenantId, (tx) =>
      tx.query(`${SELECT} ORDER BY id DESC LIMIT 1000`),
    );
    return { items: rows.map(toInfo), nextCursor: null };
  }

  async get(principal: Principal, id: string): Promise<TokenInfo> {
    const [row]: TokenRow[] = await this.database.tenant(principal.tenantId, (tx) =>
      tx.query(`${SELECT} WHERE id = $1`, [id]),
    );
    if (!row) throw noSuchToken(id);
    return toInfo(row);
  }

  /** Revoking twice is fine. */
  async revoke(principal: Principal, id: string, requestId: string): Promise<void> {
    await this.database.tenant(principal.tenantId, async (tx) => {
      const [rows]: [unknown[], number] = await tx.query(
        `UPDATE agent_tokens SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING id`,
        [id, new Date(this.clock.now())],
      );
      if (rows.length === 0) throw noSuchToken(id);
      await this.audit.appendWithin(tx, adminEntry(principal, requestId, 'agent-tokens.revoke', { id }));
    });
    this.lookups.forget();
    this.notices.publish('credentials.revoked', { tenantId: principal.tenantId });
  }

  private async loadAll(tokens: readonly string[]): Promise<Map<string, TokenRow>> {
    const byHash = new Map(tokens.map((token) => [hash(token).toString('hex'), token]));
    const rows: (TokenRow & { token_hash: Buffer })[] = await this.database.system((tx) =>
      tx.query(`SELECT token_hash, ${COLUMNS} FROM agent_tokens WHERE token_hash = ANY($1::bytea[])`, [
        tokens.map(hash),
      ]),
    );
    return new Map(rows.map((row) => [byHash.get(row.token_hash.toString('hex'))!, row]));
  }
}

const COLUMNS = `tenant_id, id, name, user_ids, created_by, created_at, expires_at, revoked_at`;
const SELECT = `SELECT ${COLUMNS} FROM agent_tokens`;

function hash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function noSuchToken(id: string): Problem {
  return new Problem('not_found', `There is no agent token "${id}".`);
}

function toInfo(row: TokenRow): TokenInfo {
  return {
    id: row.id,
    name: row.name,
    userIds: row.user_ids ?? '*',
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}
