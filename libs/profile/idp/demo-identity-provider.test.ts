import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { removeTemporaryFolders, temporaryFolder } from '../testing.ts';
import { DemoIdentityProvider } from './demo-identity-provider.ts';
import { mintDemoToken } from './demo-token.ts';

const CALLBACK = 'http://localhost:3000/auth/callback';
const PEOPLE = [
  { email: 'alice@acme.test', name: 'Alice Ahmed' },
  { email: 'bob@acme.test', name: 'Bob Braun' },
];
const running = new Set<DemoIdentityProvider>();

async function start(dataDir: string, now?: () => Date): Promise<DemoIdentityProvider> {
  const idp = await DemoIdentityProvider.start({
    ...{ dataDir, redirectUris: [CALLBACK], accounts: PEOPLE, progress: () => {}, now },
  });
  running.add(idp);
  return idp;
}

/** As much of a browser as a sign-in takes: cookies, and redirects followed up to the gateway, scripted ones too. */
class Browser {
  readonly #cookies = new Map<string, string>();

  async open(url: string | URL, form?: Record<string, string>): Promise<{ url: string; response: Response }> {
    let at = new URL(url);
    let body = form && new URLSearchParams(form);
    for (;;) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(at, {
        ...{ method: body ? 'POST' : 'GET', redirect: 'manual', headers: { cookie } },
        ...(body && { body }),
      });
      for (const line of response.headers.getSetCookie()) {
        const [name, value] = line.split(';')[0]!.split('=') as [string, string];
        if (value === '') this.#cookies.delete(name);
        else this.#cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (!location) {
        const page = await response.clone().text();
        if (!page.includes('document.forms[0].submit()')) return { url: at.href, response };
        at = new URL(/action="([^"]+)"/.exec(page)![1]!, at);
        const fields = page.matchAll(/name="(\w+)" value="([^"]*)"/g);
        body = new URLSearchParams([...fields].map(([, name, value]): [string, string] => [name!, value!]));
        continue;
      }
      at = new URL(location, at);
      if (at.href.startsWith(CALLBACK) || at.port === '3000') return { url: at.href, response };
      body = undefined;
    }
  }
}

async function discover(idp: DemoIdentityProvider): Promise<client.Configuration> {
  return client.discovery(new URL(idp.issuer), idp.clientId, idp.clientSecret, undefined, {
    execute: [client.allowInsecureRequests],
  });
}

async function authorizationUrl(config: client.Configuration) {
  const verifier = client.randomPKCECodeVerifier();
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
  };
  const url = client.buildAuthorizationUrl(config, {
    ...{ redirect_uri: CALLBACK, scope: 'openid email profile', response_type: 'code' },
    ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
    ...{ state: checks.expectedState, nonce: checks.expectedNonce },
  });
  return { url, checks };
}

afterEach(async () => {
  for (const idp of running) await idp.stop();
  running.clear();
});
afterAll(removeTemporaryFolders);

describe('DemoIdentityProvider', () => {
  it('signs a person in with code flow and PKCE and out again, without a word on the console', async () => {
    const spies = (['log', 'info', 'warn', 'error'] as const).map((name) => jest.spyOn(console, name));
    const idp = await start(temporaryFolder());
    const config = await discover(idp);
    const { url, checks } = await authorizationUrl(config);
    const browser = new Browser();
    const login = await browser.open(url);
    expect(login.response.status).toBe(200);
    expect(login.response.headers.get('content-security-policy')).toContain("form-action 'self' http://localhost:3000");
    const { email, password, name } = idp.accounts[0]!;
    const done = await browser.open(login.url, { email: 'Alice@ACME.test', password });
    expect(done.url).toMatch(/^http:\/\/localhost:3000\/auth\/callback\?code=/);
    const tokens = await client.authorizationCodeGrant(config, new URL(done.url), checks);
    expect(tokens.claims()).toMatchObject({ sub: email, email, email_verified: true, name, aud: idp.clientId });
    expect(tokens.refresh_token).toBeUndefined();
    const info = await client.fetchUserInfo(config, tokens.access_token, email);
    expect(info).toMatchObject({ email, name });

    // Signed in already: no page in between.
    const again = await authorizationUrl(config);
    const quick = await browser.open(again.url);
    expect((await client.authorizationCodeGrant(config, new URL(quick.url), again.checks)).claims()?.sub).toBe(email);

    const end = client.buildEndSessionUrl(config, {
      ...{ id_token_hint: tokens.id_token!, post_logout_redirect_uri: 'http://localhost:3000/' },
    });
    const logout = await browser.open(end);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(await logout.response.text())![1]!;
    const out = await browser.open(`${idp.issuer}/session/end/confirm`, { xsrf, logout: 'yes' });
    expect(out.url).toBe('http://localhost:3000/');
    expect((await browser.open((await authorizationUrl(config)).url)).url).toContain('/interaction/');
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  it('lets another person sign in after prompt=login', async () => {
    const idp = await start(temporaryFolder());
    const config = await discover(idp);
    const browser = new Browser();
    for (const { email, password } of idp.accounts) {
      const { url, checks } = await authorizationUrl(config);
      url.searchParams.set('prompt', 'login');
      const login = await browser.open(url);
      const done = await browser.open(login.url, { email, password });
      const tokens = await client.authorizationCodeGrant(config, new URL(done.url), checks);
      expect(tokens.claims()?.email).toBe(email);
    }
  });

  it('refuses a request without PKCE, with an unknown redirect or with a foreign host name', async () => {
    const idp = await start(temporaryFolder());
    const config = await discover(idp);
    const plain = client.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, scope: 'openid', state: 's' });
    expect((await new Browser().open(plain)).url).toMatch(/callback\?error=invalid_request/);
    const { url } = await authorizationUrl(config);
    url.searchParams.set('redirect_uri', 'http://localhost:3000/elsewhere');
    const refused = await new Browser().open(url);
    expect(refused.response.status).toBe(400);
    expect(await refused.response.text()).toMatch(/<h1>This did not work<\/h1>/);
    const late = await fetch(`${idp.issuer}/interaction/unknown`);
    expect([late.status, await late.text()]).toEqual([400, expect.stringContaining('start again')]);
  });

  it('says so at a wrong password, escapes what was typed, and slows down who tries on', async () => {
    const idp = await start(temporaryFolder());
    const config = await discover(idp);
    const browser = new Browser();
    const login = await browser.open((await authorizationUrl(config)).url);
    const page = await login.response.text();
    for (const { password } of idp.accounts) expect(page).not.toContain(password);
    const { response } = await browser.open(login.url, { email: '"><b>@x', password: 'wrong' });
    const body = await response.text();
    expect(response.status).toBe(401);
    expect(body).toContain('role="alert"');
    expect(body).not.toContain('<b>');

    const { email, password } = idp.accounts[0]!;
    for (let attempt = 0; attempt < 5; attempt++) {
      expect((await browser.open(login.url, { email, password: `wrong-${attempt}` })).response.status).toBe(401);
    }
    const limited = await browser.open(login.url, { email: email.toUpperCase(), password });
    expect(limited.response.status).toBe(429);
    expect(Number(limited.response.headers.get('retry-after'))).toBeGreaterThan(0);
    const other = idp.accounts[1]!;
    expect((await browser.open(login.url, { email: other.email, password: other.password })).url).toContain('code=');
  });

  it('mints the same kind of token, also from the files alone, and names the accounts there are', async () => {
    const dataDir = temporaryFolder();
    const now = new Date('2030-05-06T07:08:09Z');
    const idp = await start(dataDir, () => now);
    const keys = createRemoteJWKSet(new URL(`${idp.issuer}/jwks`));
    for (const token of [await idp.mintToken('BOB@acme.test'), await mintDemoToken(dataDir, 'bob@acme.test', now)]) {
      const { payload } = await jwtVerify(token, keys, {
        ...{ issuer: idp.issuer, audience: idp.clientId, currentDate: now },
      });
      expect(payload).toEqual({
        ...{ iss: idp.issuer, aud: 'openclaw-enterprise', sub: 'bob@acme.test' },
        ...{ email: 'bob@acme.test', email_verified: true, name: 'Bob Braun' },
        ...{ iat: now.getTime() / 1000, exp: now.getTime() / 1000 + 12 * 3600 },
      });
    }
    await expect(mintDemoToken(dataDir, 'zoe@acme.test', now)).rejects.toThrow(/alice@acme\.test, bob@acme\.test/);
    await expect(mintDemoToken(temporaryFolder(), 'bob@acme.test', now)).rejects.toThrow(/ever started/);
  });

  it('keeps issuer, key, secret and passwords over a restart, in private files', async () => {
    const dataDir = temporaryFolder();
    const first = await start(dataDir);
    const token = await first.mintToken('alice@acme.test');
    await first.stop();
    await first.stop();
    const second = await start(dataDir);
    expect([second.issuer, second.clientSecret, second.accounts]).toEqual([
      first.issuer,
      first.clientSecret,
      first.accounts,
    ]);
    await jwtVerify(token, createRemoteJWKSet(new URL(`${second.issuer}/jwks`)), { issuer: second.issuer });
    expect(first.accounts[0]!.password).toMatch(/^[a-z]+-[a-z]+-\d\d$/);
    for (const name of ['accounts.json', 'signing-key.json', 'state.json']) {
      expect(statSync(join(dataDir, 'idp', name)).mode & 0o777).toBe(0o600);
    }
    const published = await (await fetch(`${second.issuer}/jwks`)).text();
    const { d } = JSON.parse(readFileSync(join(dataDir, 'idp', 'signing-key.json'), 'utf8')) as { d: string };
    expect(published).not.toContain(d);
  });
});
