import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { Sealing } from '#libs/sealing';
import { Injectable } from '@nestjs/common';
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

  /** The new tokens are stored before they are used: the old refresh token may be worth nothing any more. */
  private async refresh(row: sql.ConnectorRow, old: OAuthCredentials, version: string): Promise<Renewed> {
    // Whoever came with an older copy of the row takes what is stored since: a refresh token may be good for one use only.
    const stored = await this.newerThan(row, version);
    if (stored) return stored;
    let token: AccessToken;
    try {
      token = await this.endpoint.refresh(row.type, old);
    } catch (error) {
      // Another process may have used the refresh token first.
      const other = await this.newerThan(row, version);
      if (other) return other;
      throw error;
    }
    const credentials: OAuthCredentials = {
      ...old,
      accessToken: token.accessToken,
      refreshToken: token.refreshToken ?? old.refreshToken,
      expiresAt: new Date(token.expiresAt).toISOString(),
    };
    const sealed = this.sealing.seal(JSON.stringify(credentials), credentialsPlace(row));
    const [kept]: [{ credentials_version: string }[], number] = await this.database.tenant(row.tenant_id, (tx) =>
      tx.query(sql.RENEW_CREDENTIALS, [row.id, sealed, version]),
    );
    if (kept[0]) return { credentials, version: kept[0].credentials_version };
    return (await this.newerThan(row, version)) ?? { credentials, version };
  }

  private async newerThan(row: sql.ConnectorRow, version: string): Promise<Renewed | undefined> {
    const [now]: sql.ConnectorRow[] = await this.database.tenant(row.tenant_id, (tx) =>
      tx.query(sql.FIND_CONNECTOR, [row.id]),
    );
    if (!now || now.credentials_version === version) return undefined;
    const credentials = this.open(now);
    return credentials.kind === 'oauth' ? { credentials, version: now.credentials_version } : undefined;
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
