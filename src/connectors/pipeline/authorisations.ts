import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '#libs/clock';
import { Database, isUnavailable } from '#libs/database';
import { Sealing } from '#libs/sealing';
import { Injectable } from '@nestjs/common';
import { bulkhead } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { VendorError } from '../connector.ts';
import * as sql from '../connectors.sql.ts';
import {
  type Credentials,
  CREDENTIALS,
  type OAuthCredentials,
  SCOPES_OF,
  type ServiceAccount,
} from '../credentials.ts';
import { AddressRules } from './address-rules.ts';
import { type AccessToken, TokenEndpoint } from './token-endpoint.ts';
import type { Authorisation } from './vendor-fetch.ts';

/** A token that ends so soon is renewed before it is used. */
const EARLY_MS = 60_000;
/** Each renewal keeps a connection of the pool for as long as the token endpoint takes. */
const RENEWALS_AT_ONCE = 4;
const LONGEST_RENEWAL_MS = 20_000;
/** How often is looked whether another process has renewed. */
const LOOK_MS = 100;
/** Tokens of service accounts, by connector and person. */
const DELEGATED = 20_000;

export const credentialsPlace = (row: { tenant_id: string; id: string }) =>
  `${row.tenant_id}/connectors/${row.id}/credentials`;
export const webhookPlace = (row: { tenant_id: string; id: string }) => `${row.tenant_id}/connectors/${row.id}/webhook`;

/** Signs requests with a connector's credentials, and keeps those fresh. */
@Injectable()
export class Authorisations {
  private readonly endpoint: TokenEndpoint;
  private readonly delegated = new LRUCache<string, AccessToken>({ max: DELEGATED });
  /** Renewals under way: all who need one share it. */
  private readonly renewing = new Map<string, Promise<unknown>>();

  private readonly renewals = bulkhead(RENEWALS_AT_ONCE, Infinity);

  constructor(
    private readonly database: Database,
    private readonly sealing: Sealing,
    private readonly clock: Clock,
    rules: AddressRules,
  ) {
    this.endpoint = new TokenEndpoint(rules.addresses, () => clock.now());
  }

  /** @throws VendorError `unauthorised` where the credentials cannot be opened */
  of(row: sql.ConnectorRow, email: string): Authorisation {
    const credentials = this.open(row);
    switch (credentials.kind) {
      case 'token':
        return fixed(`Bearer ${credentials.token}`);
      case 'basic':
        return fixed(`Basic ${Buffer.from(`${credentials.email}:${credentials.apiToken}`).toString('base64')}`);
      case 'oauth':
        return this.oauth(row, credentials);
      case 'service_account':
        return this.serviceAccount(row, credentials, email);
      default:
        return credentials satisfies never;
    }
  }

  private open(row: sql.ConnectorRow): Credentials {
    try {
      return CREDENTIALS.parse(JSON.parse(this.sealing.open(row.credentials, credentialsPlace(row))));
    } catch {
      throw new VendorError('unauthorised', `${row.type}: the stored credentials cannot be opened; connect it again`);
    }
  }

  private oauth(row: sql.ConnectorRow, first: OAuthCredentials): Authorisation {
    let current = first;
    let version = row.credentials_version;
    const renew = async () => {
      const renewed = await this.once(`${row.id}/${version}`, () => this.refresh(row, current, version));
      ({ credentials: current, version } = renewed);
    };
    return {
      header: async () => {
        const ends = current.expiresAt === undefined ? Infinity : Date.parse(current.expiresAt);
        if (current.accessToken === undefined || ends - EARLY_MS <= this.clock.now()) await renew();
        return `Bearer ${current.accessToken ?? ''}`;
      },
      renew: async (refused) => {
        // Another request of this operation may have renewed it meanwhile.
        if (`Bearer ${current.accessToken ?? ''}` === refused) await renew();
        return true;
      },
    };
  }

  /**
   * A refresh token may be good for one use only, and a second use may end the whole grant: one process at a time renews, with
   * the row locked, and the others take what it has stored. New tokens are stored before they are used; where that fails it is
   * tried again, because the old ones may be worth nothing any more.
   */
  private async refresh(row: sql.ConnectorRow, old: OAuthCredentials, version: string): Promise<Renewed> {
    const deadline = this.clock.now() + LONGEST_RENEWAL_MS;
    const got: { token?: AccessToken } = {};
    for (;;) {
      try {
        const renewed = await this.renewals.execute(() => this.renewLocked(row, old, version, got));
        if (renewed) return renewed;
      } catch (error) {
        if (!got.token || !isUnavailable(error) || this.clock.now() >= deadline) throw error;
      }
      if (this.clock.now() >= deadline)
        throw new VendorError(
          'unavailable',
          `${row.type}: its credentials are being renewed`,
          this.clock.now() + 5_000,
        );
      await pause(LOOK_MS);
    }
  }

  /** @returns undefined while another process renews them */
  private renewLocked(
    row: sql.ConnectorRow,
    old: OAuthCredentials,
    version: string,
    got: { token?: AccessToken },
  ): Promise<Renewed | undefined> {
    return this.database.tenant(row.tenant_id, async (tx) => {
      const [now]: sql.ConnectorRow[] = await tx.query(sql.LOCK_CONNECTOR, [row.id]);
      if (!now) {
        const [present]: unknown[] = await tx.query(sql.FIND_CONNECTOR, [row.id]);
        if (present) return undefined;
        throw new VendorError('unauthorised', `${row.type}: it is no longer connected`);
      }
      if (now.credentials_version !== version) {
        const stored = this.open(now);
        if (stored.kind === 'oauth') return { credentials: stored, version: now.credentials_version };
        throw new VendorError(
          'unavailable',
          `${row.type}: its credentials have just changed`,
          this.clock.now() + 1_000,
        );
      }
      const token = (got.token ??= await this.endpoint.refresh(row.type, old));
      const credentials: OAuthCredentials = {
        ...old,
        accessToken: token.accessToken,
        refreshToken: token.refreshToken ?? old.refreshToken,
        expiresAt: new Date(token.expiresAt).toISOString(),
      };
      const sealed = this.sealing.seal(JSON.stringify(credentials), credentialsPlace(row));
      const [kept]: [{ credentials_version: string }[], number] = await tx.query(sql.RENEW_CREDENTIALS, [
        row.id,
        sealed,
        version,
      ]);
      return { credentials, version: kept[0]!.credentials_version };
    });
  }

  private serviceAccount(row: sql.ConnectorRow, account: ServiceAccount, email: string): Authorisation {
    const key = `${row.id}/${row.credentials_version}/${email}`;
    const scopes = account.scopes ?? SCOPES_OF[row.type] ?? [];
    const get = async () => {
      const kept = this.delegated.get(key);
      if (kept && kept.expiresAt - EARLY_MS > this.clock.now()) return kept;
      return this.once(key, async () => {
        const token = await this.endpoint.delegate(row.type, account, scopes, email);
        this.delegated.set(key, token);
        return token;
      });
    };
    return {
      header: async () => `Bearer ${(await get()).accessToken}`,
      renew: async (refused) => {
        if (`Bearer ${this.delegated.get(key)?.accessToken}` === refused) this.delegated.delete(key);
        return true;
      },
    };
  }

  private async once<T>(key: string, work: () => Promise<T>): Promise<T> {
    const under = this.renewing.get(key) as Promise<T> | undefined;
    if (under) return under;
    const started = work();
    this.renewing.set(key, started);
    try {
      return await started;
    } finally {
      this.renewing.delete(key);
    }
  }
}

interface Renewed {
  readonly credentials: OAuthCredentials;
  readonly version: string;
}

function fixed(header: string): Authorisation {
  return { header: async () => header, renew: async () => false };
}
