import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { type GmailEmulator, startGmailEmulator } from './gmail/index.ts';
import { type GoogleOAuthEmulator, startGoogleOAuthEmulator } from './google-oauth.ts';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const SERVICE = 'sync@project.iam.gserviceaccount.test';
let oauth: GoogleOAuthEmulator;
let gmail: GmailEmulator;

beforeEach(async () => {
  oauth = await startGoogleOAuthEmulator();
  gmail = await startGmailEmulator();
  gmail.addAccount('ana@acme.test');
  oauth.servesTokensTo(gmail);
  oauth.addClient('client', 'secret');
  oauth.addRefreshToken('refresh', 'ana@acme.test');
  oauth.addServiceAccount(SERVICE, keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(), ['acme.test']);
});
afterEach(async () => {
  await oauth.close();
  await gmail.close();
});

async function token(form: Record<string, string>) {
  const response = await fetch(oauth.tokenUrl, { method: 'POST', body: new URLSearchParams(form) });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}
const refresh = { grant_type: 'refresh_token', client_id: 'client', client_secret: 'secret', refresh_token: 'refresh' };
const profile = (accessToken = '') =>
  fetch(`${gmail.url}/gmail/v1/users/me/profile`, { headers: { authorization: `Bearer ${accessToken}` } });
const assertion = (sub: string, key = keys.privateKey, iss = SERVICE) =>
  new SignJWT({ scope: 'https://mail.google.com/' })
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(iss)
    .setSubject(sub)
    .setAudience('https://oauth2.googleapis.com/token')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(key);
const bearer = async (...parts: Parameters<typeof assertion>) =>
  token({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: await assertion(...parts) });

it('gives an access token for a refresh token, which the APIs take until it expires', async () => {
  const { status, body } = await token(refresh);
  expect([status, body.token_type, body.expires_in]).toEqual([200, 'Bearer', 3599]);
  expect((await profile(body.access_token)).status).toBe(200);
  oauth.expireAccessTokens();
  expect((await profile(body.access_token)).status).toBe(401);
});

it('lets a service account act for the people of its domain only', async () => {
  const { body } = await bearer('ana@acme.test');
  expect(await (await profile(body.access_token)).json()).toMatchObject({ emailAddress: 'ana@acme.test' });
  expect(await bearer('eve@globex.test')).toMatchObject({ status: 401, body: { error: 'unauthorized_client' } });
});

it('refuses what is wrong in the words of RFC 6749', async () => {
  oauth.revokeRefreshToken('refresh');
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  expect(await token(refresh)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  expect(await token({ ...refresh, client_secret: 'x' })).toMatchObject({
    status: 401,
    body: { error: 'invalid_client' },
  });
  expect(await token({ grant_type: 'password' })).toMatchObject({
    status: 400,
    body: { error: 'unsupported_grant_type' },
  });
  expect(await bearer('ana@acme.test', stranger)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  expect(await bearer('ana@acme.test', keys.privateKey, 'no@body.test')).toMatchObject({
    body: { error: 'invalid_grant' },
  });
});
