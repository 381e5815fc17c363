import { createHash } from 'node:crypto';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Problem } from '#libs/http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import * as client from 'openid-client';

/** Who a verified token speaks of. */
export interface TokenIdentity {
  readonly email: string;
  readonly subject: string;
}

/** What is kept between leaving for the identity provider and coming back. */
export interface SignInSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

interface Provider {
  readonly config: client.Configuration;
  readonly keys: JWTVerifyGetKey;
}

/** A verified token is believed without checking its signature again for so long: a withdrawn key is noticed then. */
const VERIFIED_MS = 60_000;
const DISCOVERY_TRIES_APART_MS = 1_000;

/**
 * The OpenID Connect side of sign-in: discovery, authorization code flow with PKCE, state and nonce, and verification of
 * bearer tokens against the issuer's published keys (issuer, audience, expiry, algorithm allow-list, key rotation).
 */
@Injectable()
export class Oidc {
  private readonly log = new Logger('oidc');
  private provider?: Promise<Provider>;
  private lastTry = 0;
  private readonly verified = new LRUCache<string, { identity: TokenIdentity; notAfter: number }>({
    max: 10_000,
    ttl: VERIFIED_MS,
  });

  constructor(
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** Where to send the browser. */
  async authorizationUrl(secrets: SignInSecrets): Promise<URL> {
    const { config } = await this.discovered();
    return client.buildAuthorizationUrl(config, {
      redirect_uri: this.redirectUri,
      scope: this.settings.OIDC_SCOPES,
      state: secrets.state,
      nonce: secrets.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(secrets.verifier),
      code_challenge_method: 'S256',
    });
  }

  /** Redeems the code that the browser brought back. @throws Problem `invalid_token` */
  async redeem(callbackQuery: string, secrets: SignInSecrets): Promise<TokenIdentity> {
    const { config } = await this.discovered();
    let claims: client.IDToken | undefined;
    try {
      const tokens = await client.authorizationCodeGrant(config, new URL(`${this.redirectUri}?${callbackQuery}`), {
        pkceCodeVerifier: secrets.verifier,
        expectedState: secrets.state,
        expectedNonce: secrets.nonce,
        idTokenExpected: true,
      });
      claims = tokens.claims();
    } catch (error) {
      this.log.warn(`sign-in refused: ${(error as Error).message}`);
      throw new Problem('invalid_token', 'The identity provider did not confirm this sign-in. Start again.');
    }
    return identityFrom(claims);
  }

  /** Verifies a bearer token. @throws Problem `invalid_token` with the reason */
  async verify(token: string): Promise<TokenIdentity> {
    const cacheKey = createHash('sha256').update(token).digest('base64');
    const known = this.verified.get(cacheKey);
    if (known && this.clock.now() < known.notAfter) return known.identity;
    const { keys } = await this.discovered();
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, keys, {
        issuer: this.settings.OIDC_ISSUER,
        audience: this.settings.OIDC_AUDIENCE,
        algorithms: this.settings.OIDC_ALGORITHMS,
        clockTolerance: this.settings.OIDC_CLOCK_SKEW_SECONDS,
        currentDate: new Date(this.clock.now()),
        requiredClaims: ['exp', 'sub'],
      }));
    } catch (error) {
      throw this.refusal(error);
    }
    const identity = identityFrom(payload);
    const skew = this.settings.OIDC_CLOCK_SKEW_SECONDS * 1000;
    this.verified.set(cacheKey, { identity, notAfter: (payload.exp ?? 0) * 1000 + skew });
    return identity;
  }

  /** Where to send the browser so that the identity provider forgets the sign-in too; undefined if it cannot. */
  async endSessionUrl(): Promise<string | undefined> {
    const { config } = await this.discovered();
    if (!config.serverMetadata().end_session_endpoint) return undefined;
    return client.buildEndSessionUrl(config, { post_logout_redirect_uri: `${this.settings.PUBLIC_URL}/` }).href;
  }

  /** Resolves when the issuer's metadata could be read. */
  async ping(): Promise<void> {
    await this.discovered();
  }

  private get redirectUri(): string {
    return `${this.settings.PUBLIC_URL}/auth/callback`;
  }

  private async discovered(): Promise<Provider> {
    if (!this.provider && this.clock.now() - this.lastTry >= DISCOVERY_TRIES_APART_MS) {
      this.lastTry = this.clock.now();
      this.provider = this.discover();
      this.provider.catch((error: unknown) => {
        this.log.error(
          { err: error, issuer: this.settings.OIDC_ISSUER },
          'the identity provider could not be discovered',
        );
        this.provider = undefined;
      });
    }
    try {
      if (this.provider) return await this.provider;
    } catch {
      // answered below, as for those who come before the next try
    }
    throw new Problem('overloaded', 'The identity provider cannot be reached now, so tokens cannot be checked.', {
      retryAfter: 1,
    });
  }

  private async discover(): Promise<Provider> {
    const issuer = new URL(this.settings.OIDC_ISSUER);
    const secret = this.settings.OIDC_CLIENT_SECRET;
    const config = await client.discovery(
      issuer,
      this.settings.OIDC_CLIENT_ID,
      undefined,
      secret ? client.ClientSecretPost(secret) : client.None(),
      { timeout: 5, ...(issuer.protocol === 'http:' ? { execute: [client.allowInsecureRequests] } : {}) },
    );
    config[client.clockTolerance as never] = this.settings.OIDC_CLOCK_SKEW_SECONDS as never;
    const jwks = config.serverMetadata().jwks_uri;
    if (!jwks) throw new Error('the issuer publishes no jwks_uri');
    return {
      config,
      keys: createRemoteJWKSet(new URL(jwks), {
        timeoutDuration: 5_000,
        cooldownDuration: 2_000,
        cacheMaxAge: 600_000,
      }),
    };
  }

  private refusal(error: unknown): Problem {
    if (error instanceof errors.JWTExpired)
      return new Problem('invalid_token', 'The token has expired. Sign in again.');
    if (error instanceof errors.JWTClaimValidationFailed) {
      return new Problem('invalid_token', `The token's "${error.claim}" is not what this service accepts.`);
    }
    if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
      this.log.error({ err: error }, 'the keys of the identity provider could not be read');
      return new Problem('overloaded', "The identity provider's keys cannot be read now.", { retryAfter: 1 });
    }
    return new Problem(
      'invalid_token',
      'The token is malformed, its signature does not verify, or its algorithm is not accepted.',
    );
  }
}

/** An address that the provider says it has not verified could belong to anybody, so it identifies nobody. */
function identityFrom(claims: JWTPayload | client.IDToken | undefined): TokenIdentity {
  const email: unknown = claims?.email;
  if (!claims?.sub || typeof email !== 'string' || email === '') {
    throw new Problem('invalid_token', 'The token names no e-mail address, by which the directory knows people.');
  }
  const verified: unknown = claims.email_verified;
  if (verified !== undefined && verified !== true) {
    throw new Problem('invalid_token', 'The identity provider has not verified the e-mail address in this token.');
  }
  return { email, subject: claims.sub };
}
