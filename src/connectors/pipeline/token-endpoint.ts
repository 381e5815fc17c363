import { importPKCS8, SignJWT } from 'jose';
import { fetch } from 'undici';
import { VendorError } from '../connector.ts';
import type { OAuthCredentials, ServiceAccount } from '../credentials.ts';
import type { ConnectorType } from '../work-item.ts';
import type { Addresses } from './addresses.ts';

const TIME_LIMIT_MS = 10_000;
const ASSERTION_SECONDS = 3_600;
/** Where the endpoint says nothing of it. */
const DEFAULT_LIFE_SECONDS = 3_000;

export interface AccessToken {
  readonly accessToken: string;
  /** Where the endpoint has given a new one, which the old one then no longer is. */
  readonly refreshToken?: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Asks token endpoints. Sources: RFC 6749, section 6 (refresh); RFC 7523 (JWT bearer). */
export class TokenEndpoint {
  constructor(
    private readonly addresses: Addresses,
    private readonly now: () => number,
  ) {}

  /** @throws VendorError `unauthorised` where the refresh token is refused, else `unavailable` */
  refresh(type: ConnectorType, credentials: OAuthCredentials): Promise<AccessToken> {
    const { refreshToken, clientId, clientSecret, tokenUrl } = credentials;
    return this.ask(type, tokenUrl, {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: clientId,
      ...(clientSecret ? { client_secret: clientSecret } : {}),
    });
  }

  /** A token of a service account that acts as `email`. @throws as {@link refresh} */
  async delegate(
    type: ConnectorType,
    account: ServiceAccount,
    scopes: readonly string[],
    email: string,
  ): Promise<AccessToken> {
    const issued = Math.floor(this.now() / 1000);
    let assertion: string;
    try {
      const key = await importPKCS8(account.privateKey, 'RS256');
      assertion = await new SignJWT({ scope: scopes.join(' ') })
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
        .setIssuer(account.clientEmail)
        .setSubject(email)
        .setAudience(account.tokenUrl)
        .setIssuedAt(issued)
        .setExpirationTime(issued + ASSERTION_SECONDS)
        .sign(key);
    } catch {
      throw new VendorError('unauthorised', `${type}: the private key of the service account cannot be read`);
    }
    return this.ask(type, account.tokenUrl, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
  }

  private async ask(type: ConnectorType, address: string, form: Record<string, string>): Promise<AccessToken> {
    let status: number;
    let text: string;
    try {
      const url = new URL(address);
      const response = await fetch(url, {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
        redirect: 'error',
        signal: AbortSignal.timeout(TIME_LIMIT_MS),
        dispatcher: this.addresses.agentFor(url),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      if (error instanceof VendorError) throw error;
      throw new VendorError(
        'unavailable',
        `${type}: where access tokens come from cannot be reached`,
        this.now() + 10_000,
      );
    }
    // What the endpoint says is not shown: it may repeat what it was sent.
    if (status >= 400 && status < 500 && status !== 429 && status !== 408)
      throw new VendorError(
        'unauthorised',
        `${type}: the credentials were withdrawn or have expired; connect it again`,
      );
    const answer = status === 200 ? readToken(text) : undefined;
    if (!answer)
      throw new VendorError(
        'unavailable',
        `${type}: where access tokens come from answered ${status}`,
        this.now() + 10_000,
      );
    const life = Number(answer.expires_in ?? DEFAULT_LIFE_SECONDS);
    return {
      accessToken: answer.access_token,
      ...(typeof answer.refresh_token === 'string' ? { refreshToken: answer.refresh_token } : {}),
      expiresAt: this.now() + (Number.isFinite(life) && life > 0 ? life : DEFAULT_LIFE_SECONDS) * 1000,
    };
  }
}

function readToken(text: string) {
  try {
    const value = JSON.parse(text) as { access_token?: unknown; refresh_token?: unknown; expires_in?: unknown };
    return typeof value.access_token === 'string' && value.access_token !== ''
      ? { ...value, access_token: value.access_token }
      : undefined;
  } catch {
    return undefined;
  }
}
