import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPair, SignJWT } from 'jose';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';
import { Browser } from '../harness/browser.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.stop());

const userinfo = (who: string | null, headers?: Record<string, string>) =>
  gateway.call(who, 'GET', '/api/v1/auth/userinfo', undefined, headers);

describe('bearer tokens', () => {
  test('the directory, not the token, says who somebody is', async () => {
    const { status, body } = await userinfo('olga@acme.test');
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: 'olga', tenantId: 'acme', orgId: 'engineering', roles: ['org_admin'] });
    expect(body.permissions).toContain('policies:write');
  });

  test.each([
    ['none', undefined],
    ['another scheme', 'Basic YWxpY2U6cGFzcw=='],
    ['text', 'Bearer not-a-token'],
    ['an unknown agent token', 'Bearer oce_agent_unknown'],
  ])('%s is answered with 401 and how to sign in', async (_what, authorization) => {
    const answer = await userinfo(null, authorization ? { authorization } : {});
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  const claims = (more: Record<string, unknown> = {}) => ({ email: 'alice@acme.test', email_verified: true, ...more });

  async function forged(make: (jwt: SignJWT) => SignJWT, payload = claims()): Promise<string> {
    const { privateKey } = await generateKeyPair('RS256');
    const jwt = new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'forged' }).setSubject('x').setIssuedAt();
    return make(jwt).sign(privateKey);
  }

  test("a token signed with somebody else's key is refused", async () => {
    const token = await forged((jwt) =>
      jwt.setIssuer(gateway.settings.OIDC_ISSUER).setAudience(gateway.settings.OIDC_AUDIENCE).setExpirationTime('1h'),
    );
    expect(await userinfo(token)).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
  });

  test('a token without signature is refused', async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const body = {
      ...claims(),
      sub: 'x',
      iss: gateway.settings.OIDC_ISSUER,
      aud: gateway.settings.OIDC_AUDIENCE,
      exp: 9_999_999_999,
    };
    expect(await userinfo(`${part({ alg: 'none' })}.${part(body)}.`)).toMatchObject({ status: 401 });
  });

  test('a tampered token is refused', async () => {
    const [header, , signature] = (await gateway.token('alice@acme.test')).split('.');
    const other = (await gateway.token('admin@acme.test')).split('.')[1];
    expect(await userinfo(`${header}.${other}.${signature}`)).toMatchObject({ status: 401 });
  });
});

describe('sign-in in a browser', () => {
  test('goes through the identity provider and back, and the session can be ended', async () => {
    const browser = new Browser();
    const password = gateway.servers.accounts.find((account) => account.email === 'alice@acme.test')!.password;
    const home = await browser.signIn(gateway.url, 'alice@acme.test', password);
    expect(home.status).toBe(302);
    expect(home.headers.get('location')).toBe('/');
    const me = await browser.request(`${gateway.url}/api/v1/auth/userinfo`);
    expect(await me.json()).toMatchObject({ id: 'alice', tenantId: 'acme' });

    const cookie = browser.cookie(gateway.url, 'oce_session');
    expect(cookie).toBeDefined();
    const out = await browser.request(`${gateway.url}/api/v1/auth/logout`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin' },
    });
    expect(out.status).toBe(200);
    await until(
      'the session has ended',
      async () => (await userinfo(null, { cookie: `oce_session=${cookie}` })).status === 401,
    );
  });

  test('a change with a cookie from another site is refused', async () => {
    const browser = new Browser();
    const password = gateway.servers.accounts.find((account) => account.email === 'alice@acme.test')!.password;
    await browser.signIn(gateway.url, 'alice@acme.test', password);
    const evaluate = (headers: Record<string, string>) =>
      browser.request(`${gateway.url}/api/v1/policy/evaluate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{"action":"email_read"}',
      });
    expect((await evaluate({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await evaluate({ origin: 'https://evil.test' })).status).toBe(403);
    expect((await evaluate({})).status).toBe(403);
    expect((await evaluate({ 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect((await evaluate({ origin: gateway.url })).status).toBe(200);
  });

  test('an answer that this browser did not ask for is refused', async () => {
    const { status } = await gateway.call(null, 'GET', '/auth/callback?code=stolen&state=guessed');
    expect(status).toBe(401);
  });

  test('returnTo cannot lead to another site', async () => {
    for (const target of ['https://evil.test', '//evil.test', '/\\evil.test', 'javascript:alert(1)']) {
      const { status } = await gateway.call(null, 'GET', `/auth/login?returnTo=${encodeURIComponent(target)}`);
      expect(status).toBe(400);
    }
  });
});

describe('the directory', () => {
  const person = (id: string, more: Record<string, unknown> = {}) => ({
    id,
    email: `${id}@acme.test`,
    name: id,
    orgId: 'engineering',
    ...more,
  });
  const put = (who: string, ...users: unknown[]) => gateway.call(who, 'POST', '/api/v1/users', { users });

  test('imports people in bulk, and again without harm', async () => {
    const users = Array.from({ length: 500 }, (_, i) => person(`bulk${i}`, { teamIds: ['bulk'], managerId: 'tomas' }));
    expect(await put('admin@acme.test', ...users)).toMatchObject({ status: 201, body: { created: 500, updated: 0 } });
    expect(await put('admin@acme.test', ...users)).toMatchObject({ status: 201, body: { created: 0, updated: 500 } });
    const page = await gateway.call('admin@acme.test', 'GET', '/api/v1/users?limit=500');
    expect(page.body.items.length).toBe(500);
    expect(page.body.nextCursor).not.toBeNull();
  });

  test.each([
    ['a role that does not exist', person('x1', { roles: ['root'] }), 'users.0.roles.0'],
    ['a team of another organisation', person('x2', { orgId: 'legal', teamIds: ['platform'] }), 'users.0.teamIds.0'],
    ['a manager nobody knows', person('x3', { managerId: 'nobody' }), 'users.0.managerId'],
    ['a time zone that does not exist', person('x4', { timeZone: 'Mars/Olympus' }), 'users.0.timeZone'],
    ["another tenant's mail domain", person('x5', { email: 'x5@globex.test' }), 'users.0.email'],
    ['a field that does not exist', person('x6', { admin: true }), 'users.0'],
  ])('%s is refused with the name of the field', async (_what, user, path) => {
    const { status, body } = await put('admin@acme.test', user);
    expect(status).toBe(400);
    expect(body.errors[0].path).toBe(path);
    expect((await gateway.call('admin@acme.test', 'GET', `/api/v1/users/${user.id}`)).status).toBe(404);
  });

  test('an address that somebody else has is a conflict', async () => {
    const answer = await put('admin@acme.test', person('alias', { email: 'ALICE@acme.test' }));
    expect(answer).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  test('the last administrator cannot be lost', async () => {
    const demote = await gateway.call('eve@globex.test', 'PATCH', '/api/v1/users/eve', { roles: ['user'] });
    expect(demote.status).toBe(409);
    expect((await gateway.call('eve@globex.test', 'DELETE', '/api/v1/users/eve')).status).toBe(409);
  });

  test('a deactivated person is signed out everywhere and decides nothing', async () => {
    await put('admin@acme.test', person('leaver'));
    await gateway.call('admin@acme.test', 'PATCH', '/api/v1/users/leaver', { email: 'bob2@acme.test' });
    expect((await gateway.call('admin@acme.test', 'DELETE', '/api/v1/users/leaver')).status).toBe(204);
    expect((await gateway.call('admin@acme.test', 'GET', '/api/v1/users/leaver')).status).toBe(404);
  });

  test('a changed role counts with the next call', async () => {
    expect((await gateway.call('bob@acme.test', 'GET', '/api/v1/users')).status).toBe(403);
    await gateway.call('admin@acme.test', 'PATCH', '/api/v1/users/bob', { roles: ['team_lead'] });
    expect((await gateway.call('bob@acme.test', 'GET', '/api/v1/users')).status).toBe(200);
    await gateway.call('admin@acme.test', 'PATCH', '/api/v1/users/bob', { roles: ['user'] });
    expect((await gateway.call('bob@acme.test', 'GET', '/api/v1/users')).status).toBe(403);
  });
});

describe('agent tokens', () => {
  const create = (body: Record<string, unknown>, who = 'admin@acme.test') =>
    gateway.call(who, 'POST', '/api/v1/agent-tokens', body);
  const evaluate = (token: string, body: Record<string, unknown> = {}) =>
    gateway.call(token, 'POST', '/api/v1/policy/evaluate', { action: 'email_read', ...body });

  test('act for the people they name and nobody else, whatever the request says', async () => {
    const { body } = await create({ name: 'laptop', userIds: ['alice', 'bob'] });
    expect(await evaluate(body.token, { subject: { userId: 'alice' } })).toMatchObject({
      status: 200,
      body: { decision: 'allow' },
    });
    for (const userId of ['carol', 'eve', 'nobody']) {
      expect((await evaluate(body.token, { subject: { userId } })).body).toMatchObject({
        decision: 'deny',
        reason: 'unknown_subject',
      });
    }
    const raised = await evaluate(body.token, {
      subject: { userId: 'alice', roles: ['enterprise_admin'], orgId: 'legal' },
    });
    expect(raised.status).toBe(400);
  });

  test('must name whom they act for where they may act for several', async () => {
    const { body } = await create({ name: 'several', userIds: ['alice', 'bob'] });
    expect(await evaluate(body.token)).toMatchObject({ status: 400, body: { errors: [{ path: 'subject.userId' }] } });
    const single = (await create({ name: 'single', userIds: ['alice'] })).body;
    expect((await evaluate(single.token)).status).toBe(200);
  });

  test('stop working within a second of being revoked', async () => {
    const { body } = await create({ name: 'short', userIds: '*' });
    expect((await evaluate(body.token, { subject: { userId: 'alice' } })).status).toBe(200);
    expect((await gateway.call('admin@acme.test', 'DELETE', `/api/v1/agent-tokens/${body.id}`)).status).toBe(204);
    await until(
      'the token is refused',
      async () => (await evaluate(body.token, { subject: { userId: 'alice' } })).status === 401,
      1_000,
    );
  });

  test('are shown once and kept as a hash', async () => {
    const { body } = await create({ name: 'secret', userIds: ['alice'] });
    const read = await gateway.call('admin@acme.test', 'GET', `/api/v1/agent-tokens/${body.id}`);
    expect(JSON.stringify(read.body)).not.toContain(body.token);
    expect((await gateway.call('eve@globex.test', 'GET', `/api/v1/agent-tokens/${body.id}`)).status).toBe(404);
  });

  test.each([
    [{ name: 'x', userIds: [] }, 'userIds'],
    [{ name: 'x', userIds: ['nobody'] }, 'userIds.0'],
    [{ name: 'x', userIds: ['eve'] }, 'userIds.0'],
    [{ name: 'x', userIds: ['alice'], expiresAt: '2001-01-01T00:00:00Z' }, 'expiresAt'],
    [{ userIds: ['alice'] }, 'name'],
  ])('%j is refused', async (body, path) => {
    const answer = await create(body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].path).toBe(path);
  });

  test('cannot administer anything', async () => {
    const { body } = await create({ name: 'meek', userIds: '*' });
    for (const [method, path] of [
      ['GET', '/api/v1/users'],
      ['POST', '/api/v1/policies'],
      ['GET', '/api/v1/audit'],
      ['POST', '/api/v1/agent-tokens'],
      ['GET', '/api/v1/auth/userinfo'],
    ] as const) {
      expect((await gateway.call(body.token, method, path, method === 'POST' ? {} : undefined)).status).toBe(403);
    }
  });
});
