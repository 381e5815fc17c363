import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { EmulatorServer } from '#libs/emulators';
import { Addresses } from './addresses.ts';
import { TokenEndpoint } from './token-endpoint.ts';

let server: EmulatorServer;
let addresses: Addresses;
let endpoint: TokenEndpoint;
let form: URLSearchParams;
beforeAll(async () => {
  server = await EmulatorServer.listen({
    unauthorised: () => ({ status: 401 }),
    isOpen: () => true,
    answer: ({ body }) => {
      form = new URLSearchParams(body.toString());
      return { status: 200, body: { access_token: 'access', expires_in: 100 } };
    },
  });
  addresses = new Addresses([new URL(server.url).host]);
  endpoint = new TokenEndpoint(addresses, () => 1_000_000);
});
afterAll(async () => {
  await addresses.close();
  await server.close();
});

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const account = () =>
  ({ kind: 'service_account', clientEmail: 'sa@p.test', privateKey, tokenUrl: `${server.url}/token` }) as const;

test('a service account asks for a token that acts as the person', async () => {
  const token = await endpoint.delegate('gmail', account(), ['s1', 's2'], 'alice@acme.test');
  expect(token).toEqual({ accessToken: 'access', expiresAt: 1_100_000 });
  expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
  expect(decodeJwt(form.get('assertion')!)).toEqual({
    ...{ iss: 'sa@p.test', sub: 'alice@acme.test', aud: `${server.url}/token`, scope: 's1 s2' },
    ...{ iat: 1_000, exp: 4_600 },
  });
});

test('a key that is none, a refusal, and an endpoint that is ill are told apart', async () => {
  const ask = (more: object = {}) => endpoint.delegate('gmail', { ...account(), ...more }, ['s'], 'a@b.test');
  await expect(ask({ privateKey: 'x' })).rejects.toMatchObject({ failure: 'unauthorised' });
  for (const [status, failure] of [
    [400, 'unauthorised'],
    [503, 'unavailable'],
  ] as const) {
    server.faults = () => ({ kind: 'status', status, body: { error: 'secret words' } });
    const error = await ask().catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ failure });
    expect(String(error)).not.toContain('secret words');
  }
  server.faults = () => ({ kind: 'garbage' });
  await expect(ask()).rejects.toMatchObject({ failure: 'unavailable' });
});
