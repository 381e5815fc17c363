import { createHash, randomBytes } from 'node:crypto';
import type { Person } from '#libs/access';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Lookups } from './lookups.ts';
import type { SignInSecrets } from './oidc.ts';

export const SESSION_COOKIE = 'oce_session';
export const SIGN_IN_COOKIE = 'oce_sign_in';
const SIGN_IN_MS = 10 * 60_000;

export interface SessionOwner {
  readonly tenantId: string;
  readonly userId: string;
}

/** Browser sessions and sign-ins under way. The tables hold hashes: reading them gives nobody a session. */
@Injectable()
export class Sessions {
  /** Whose session a cookie is, or undefined. */
  readonly owner: (token: string) => Promise<SessionOwner | undefined>;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly lookups: Lookups,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {
    const find = lookups.keeping((tokens) => this.loadAll(tokens));
    this.owner = async (token) => {
      const session = await find(token);
      return session && session.expiresAt > this.clock.now() ? session : undefined;
    };
  }

  /** @returns the cookie's value, which exists nowhere else */
  async open(person: Person): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    const now = this.clock.now();
    await this.database.tenant(person.tenantId, (tx) =>
      tx.query(
        `INSERT INTO sessions (tenant_id, token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
        [
          person.tenantId,
          hash(token),
          person.id,
          new Date(now),
          new Date(now + this.settings.SESSION_TTL_MINUTES * 60_000),
        ],
      ),
    );
    return token;
  }

  async close(token: string): Promise<void> {
    await this.database.system((tx) => tx.query(`DELETE FROM sessions WHERE token_hash = $1`, [hash(token)]));
    this.lookups.forget();
  }

  /** Remembers a sign-in that leaves for the identity provider. */
  async begin(secrets: SignInSecrets, returnTo: string): Promise<void> {
    await this.database.system((tx) =>
      tx.query(
        `INSERT INTO sign_in_attempts (state_hash, nonce, verifier, return_to, expires_at) VALUES ($1, $2, $3, $4, $5)`,
        [hash(secrets.state), secrets.nonce, secrets.verifier, returnTo, new Date(this.clock.now() + SIGN_IN_MS)],
      ),
    );
  }

  /** Takes a sign-in that comes back: each state works once. */
  async finish(state: string): Promise<(SignInSecrets & { returnTo: string }) | undefined> {
    const [rows]: [{ nonce: string; verifier: string; return_to: string }[], number] = await this.database.system(
      (tx) =>
        tx.query(
          `DELETE FROM sign_in_attempts WHERE state_hash = $1 AND expires_at > $2 RETURNING nonce, verifier, return_to`,
          [hash(state), new Date(this.clock.now())],
        ),
    );
    const row = rows[0];
    return row && { state, nonce: row.nonce, verifier: row.verifier, returnTo: row.return_to };
  }

  /** Safe with any number of replicas: deleting twice is deleting once. */
  @Interval(10 * 60_000)
  async forgetExpired(): Promise<void> {
    const now = new Date(this.clock.now());
    await this.database
      .system(async (tx) => {
        await tx.query(`DELETE FROM sessions WHERE expires_at < $1`, [now]);
        await tx.query(`DELETE FROM sign_in_attempts WHERE expires_at < $1`, [now]);
        await tx.query(`DELETE FROM idempotency_keys WHERE created_at < $1::timestamptz - interval '1 day'`, [now]);
      })
      .catch(() => undefined);
  }

  private async loadAll(
    tokens: readonly string[],
  ): Promise<Map<string, SessionOwner & { readonly expiresAt: number }>> {
    const byHash = new Map(tokens.map((token) => [hash(token).toString('hex'), token]));
    const rows: { token_hash: Buffer; tenant_id: string; user_id: string; expires_at: Date }[] =
      await this.database.system((tx) =>
        tx.query(
          `SELECT token_hash, tenant_id, user_id, expires_at FROM sessions WHERE token_hash = ANY($1::bytea[])`,
          [tokens.map(hash)],
        ),
      );
    return new Map(
      rows.map((row) => [
        byHash.get(row.token_hash.toString('hex'))!,
        { tenantId: row.tenant_id, userId: row.user_id, expiresAt: row.expires_at.getTime() },
      ]),
    );
  }
}

function hash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
