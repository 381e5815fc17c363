import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';
import { agentToken, LiveClient } from './client.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { WS_CONNECT_TIMEOUT_MS: '400', WS_CONNECTIONS_PER_PERSON: '3' } });
});
afterAll(() => gateway?.stop());

const ALICE = 'alice@acme.test';

describe('the first frame', () => {
  test('with a person’s token connects for that person, and says where they stand', async () => {
    const client = await LiveClient.open(gateway.url);
    const { ok, payload } = await client.hello(await gateway.token(ALICE));
    expect(ok).toBe(true);
    expect(payload).toMatchObject({ protocol: 1, userId: 'alice', seq: 0, replayFrom: 1 });
    expect(payload.policyRevision).toBeGreaterThan(0);
    expect(payload.limits).toMatchObject({ frameBytes: 262_144 });
    await client.end();
  });

  test('with an assistant’s token connects for the person that it names', async () => {
    const { token } = await agentToken(gateway, ['alice', 'bob']);
    const client = await LiveClient.open(gateway.url);
    expect((await client.hello(token, { userId: 'bob' })).payload.userId).toBe('bob');
    await client.end();
  });

  test('with an assistant’s token for one person needs no name', async () => {
    const client = await LiveClient.open(gateway.url);
    expect((await client.hello((await agentToken(gateway, ['bob'])).token)).payload.userId).toBe('bob');
    await client.end();
  });

  test.each([
    ['without a token', () => ({}), 'validation_failed', 1008],
    ['with a token that nobody gave', () => ({ token: 'oce_agent_nobody' }), 'invalid_token', 4401],
    ['with a token that is no token', () => ({ token: 'x.y.z' }), 'invalid_token', 4401],
    [
      'for somebody else with a person’s own token',
      async () => ({ token: await gateway.token(ALICE), userId: 'bob' }),
      'forbidden',
      1008,
    ],
    [
      'without a name where the assistant is for several',
      async () => ({ token: (await agentToken(gateway, ['alice', 'bob'])).token }),
      'validation_failed',
      1008,
    ],
    [
      'for a person whom the assistant is not for',
      async () => ({ token: (await agentToken(gateway, ['alice'])).token, userId: 'bob' }),
      'forbidden',
      1008,
    ],
    [
      'for a person of another tenant',
      async () => ({ token: (await agentToken(gateway, '*')).token, userId: 'dave' }),
      'not_found',
      1008,
    ],
    [
      'with a field that there is not',
      async () => ({ token: await gateway.token(ALICE), admin: true }),
      'validation_failed',
      1008,
    ],
    [
      'with a number that is none',
      async () => ({ token: await gateway.token(ALICE), lastSeq: -1 }),
      'validation_failed',
      1008,
    ],
  ])('%s is refused with its reason, and the connection closed', async (_, params, code, close) => {
    const client = await LiveClient.open(gateway.url);
    const answer = await client.request('connect', { instanceId: 'test', ...(await params()) });
    expect(answer).toMatchObject({ ok: false, error: { code } });
    expect(answer.error.message).not.toBe('');
    expect((await client.closed).code).toBe(close);
  });

  test('that is another one is refused', async () => {
    const client = await LiveClient.open(gateway.url);
    expect((await client.request('ping')).error.code).toBe('authentication_required');
    expect((await client.closed).code).toBe(4401);
  });

  test('that is no JSON is refused', async () => {
    const client = await LiveClient.open(gateway.url);
    client.ws.send('{"type":');
    expect((await client.closed).code).toBe(1008);
    expect(client.frames[0]).toMatchObject({ type: 'res', id: null, ok: false, error: { code: 'validation_failed' } });
  });

  test('that is not text is refused', async () => {
    const client = await LiveClient.open(gateway.url);
    client.ws.send(Buffer.from('{}'));
    expect((await client.closed).code).toBe(1003);
  });

  test('that does not come in time closes the connection', async () => {
    const client = await LiveClient.open(gateway.url);
    expect((await client.closed).code).toBe(4401);
  });

  test('a second one is a conflict, and the connection lives on', async () => {
    const client = await LiveClient.connect(gateway, ALICE);
    expect((await client.hello(await gateway.token(ALICE))).error.code).toBe('conflict');
    expect((await client.request('ping')).ok).toBe(true);
    await client.end();
  });

  test('a person has no more connections than the limit', async () => {
    const clients = [];
    for (let n = 0; n < 3; n++)
      clients.push(await LiveClient.connect(gateway, 'carol@acme.test', { instanceId: `i${n}` }));
    const last = await LiveClient.open(gateway.url);
    expect((await last.hello(await gateway.token('carol@acme.test'))).error.code).toBe('rate_limited');
    expect((await last.closed).code).toBe(1013);
    for (const client of clients) await client.end();
    await until('there is room again', async () => {
      const client = await LiveClient.open(gateway.url);
      const { ok } = await client.hello(await gateway.token('carol@acme.test'));
      await client.end();
      return ok;
    });
  });
});

describe('the handshake', () => {
  const refusal = (options: object, path = '/ws') =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const ws = new WebSocket(`${gateway.url.replace(/^http/, 'ws')}${path}`, options);
      ws.on('open', () => reject(new Error('it was let in')));
      ws.on('error', () => undefined);
      ws.on('unexpected-response', (_, response) => {
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () => resolve({ status: response.statusCode!, body }));
      });
    });

  test('of a page from elsewhere is refused', async () => {
    const { status, body } = await refusal({ origin: 'https://evil.test' });
    expect(status).toBe(403);
    expect(JSON.parse(body)).toMatchObject({ code: 'forbidden' });
  });

  test('of the service’s own pages is taken, and a session cookie lets nobody in', async () => {
    const client = await LiveClient.open(gateway.url, { origin: gateway.url, headers: { cookie: 'oce_session=x' } });
    expect((await client.request('connect', { instanceId: 'test' })).error.code).toBe('validation_failed');
    await client.closed;
  });

  test('elsewhere is answered as any call', async () => {
    const { status, body } = await refusal({}, '/api/v1/nothing');
    expect(status).toBe(404);
    expect(JSON.parse(body)).toMatchObject({ code: 'not_found' });
  });

  test('with another version is refused', async () => {
    const response = await new Promise<string>((resolve) => {
      void import('node:net').then(({ connect }) => {
        const { port } = new URL(gateway.url);
        const socket = connect(Number(port), '127.0.0.1', () =>
          socket.write(
            'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 7\r\nSec-WebSocket-Key: nope\r\n\r\n',
          ),
        );
        let text = '';
        socket.on('data', (chunk) => (text += String(chunk))).on('close', () => resolve(text));
      });
    });
    expect(response).toMatch(/^HTTP\/1\.1 400 /);
    expect(response).toContain('"code":"validation_failed"');
  });

  test('requests that offer another protocol, as some clients do each time, are answered as ever', async () => {
    const { request } = await import('node:http');
    const status = await new Promise((resolve, reject) => {
      request(`${gateway.url}/livez`, { headers: { connection: 'Upgrade', upgrade: 'h2c' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });
});
