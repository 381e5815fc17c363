import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Clock } from '#libs/clock';
import type { Settings } from '#libs/config';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { Oidc } from './oidc.ts';

class TestClock extends Clock {
  time = Date.parse('2026-11-25T08:00:00Z');
  now(): number {
    return this.time;
  }
  elapsed(): number {
    return this.time;
  }
  after(): () => void {
    return () => undefined;
  }
}

/** An issuer that serves discovery and whatever keys it is told to. */
class Issuer {
  keys: JWK[] = [];
  reads = 0;
  up = true;
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Issuer> {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const issuer = new Issuer(server);
    server.on('request', (request, response) => {
      if (!issuer.up) return void request.socket.destroy();
      response.setHeader('content-type', 'application/json');
      if (request.url === '/jwks') issuer.reads++;
      const discovery = {
        issuer: issuer.url,
        jwks_uri: `${issuer.url}/jwks`,
        authorization_endpoint: `${issuer.url}/auth`,
        token_endpoint: `${issuer.url}/token`,
      };
      response.end(JSON.stringify(request.url === '/jwks' ? { keys: issuer.keys } : discovery));
    });
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async addKey(kid: string, alg = 'ES256'): Promise<CryptoKey> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    this.keys.push({ ...(await exportJWK(publicKey)), kid, alg });
    return privateKey;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

let issuer: Issuer;
let oidc: Oidc;
const clock = new TestClock();
beforeEach(async () => {
  issuer = await Issuer.start();
  oidc = new Oidc(
    {
      OIDC_ISSUER: issuer.url,
      OIDC_CLIENT_ID: 'us',
      OIDC_AUDIENCE: 'us',
      OIDC_ALGORITHMS: ['ES256', 'RS256'],
      OIDC_CLOCK_SKEW_SECONDS: 30,
      PUBLIC_URL: 'http://127.0.0.1',
    } as unknown as Settings,
    clock,
  );
});
afterEach(() => issuer.stop());

interface Token {
  kid?: string;
  alg?: string;
  iss?: string;
  aud?: string;
  exp?: number;
  claims?: Record<string, unknown>;
}

function sign(key: CryptoKey | Uint8Array, token: Token = {}): Promise<string> {
  const now = Math.floor(clock.now() / 1000);
  return new SignJWT({ email: 'ann@acme.test', email_verified: true, ...token.claims })
    .setProtectedHeader({ alg: token.alg ?? 'ES256', kid: token.kid ?? 'one' })
    .setSubject('ann')
    .setIssuer(token.iss ?? issuer.url)
    .setAudience(token.aud ?? 'us')
    .setIssuedAt(now)
    .setExpirationTime(token.exp ?? now + 600)
    .sign(key);
}

const refused = { code: 'invalid_token', status: 401 };

describe('verifying bearer tokens', () => {
  test('a good one names its person', async () => {
    const key = await issuer.addKey('one');
    expect(await oidc.verify(await sign(key))).toEqual({ email: 'ann@acme.test', subject: 'ann' });
  });

  test.each<[string, Token]>([
    ['of another issuer', { iss: 'http://127.0.0.1:1' }],
    ['for another audience', { aud: 'them' }],
    ['that has expired', { exp: Math.floor(clock.time / 1000) - 31 }],
    ['whose address is not verified', { claims: { email_verified: false } }],
    ['whose address is verified in words only', { claims: { email_verified: 'true' } }],
    ['without an address', { claims: { email: undefined } }],
    ['with an unknown key', { kid: 'other' }],
  ])('one %s is refused', async (_what, token) => {
    const key = await issuer.addKey('one');
    await expect(oidc.verify(await sign(key, token))).rejects.toMatchObject(refused);
  });

  test('one whose algorithm is not on the list is refused although the key is known', async () => {
    const key = await issuer.addKey('one', 'ES384');
    await expect(oidc.verify(await sign(key, { alg: 'ES384' }))).rejects.toMatchObject(refused);
  });

  test('one signed with the public key as a shared secret is refused', async () => {
    await issuer.addKey('one', 'RS256');
    const secret = new TextEncoder().encode(JSON.stringify(issuer.keys[0]));
    await expect(oidc.verify(await sign(secret, { alg: 'HS256' }))).rejects.toMatchObject(refused);
  });

  test('a token is believed until it expires and not longer, though it was verified before', async () => {
    const key = await issuer.addKey('one');
    const token = await sign(key);
    await oidc.verify(token);
    clock.time += 629_000;
    await oidc.verify(token);
    clock.time += 2_000;
    await expect(oidc.verify(token)).rejects.toMatchObject(refused);
  });

  test('keys that rotate are followed: a new one is found by its id', async () => {
    const old = await issuer.addKey('one');
    await oidc.verify(await sign(old));
    issuer.keys = [];
    const fresh = await issuer.addKey('two');
    const deadline = Date.now() + 10_000;
    const token = await sign(fresh, { kid: 'two' });
    for (;;) {
      const outcome = await oidc.verify(token).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) break;
      if (Date.now() > deadline) throw outcome;
    }
    expect(issuer.reads).toBeLessThan(10);
  });

  test('an issuer that is away makes a clear 503, and is asked again later', async () => {
    const key = await issuer.addKey('one');
    issuer.up = false;
    await expect(oidc.verify(await sign(key))).rejects.toMatchObject({ status: 503, extras: { retryAfter: 1 } });
    issuer.up = true;
    clock.time += 1_000;
    await oidc.verify(await sign(key));
  });
});
