import { connect as connectTcp } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Database } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { startReplica, startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';
import { LiveGateway } from '../../src/live/live-gateway.ts';
import { agentToken, LiveClient } from './client.ts';

let gateway: TestGateway;
const clients: LiveClient[] = [];
beforeAll(async () => {
  gateway = await startTestGateway({
    env: {
      WS_FRAME_LIMIT_BYTES: '16384',
      WS_REQUESTS_PER_SECOND: '20',
      WS_IN_FLIGHT: '4',
      WS_BUFFER_LIMIT_BYTES: '262144',
      WS_SLOW_READER_MS: '1000',
      WS_HEARTBEAT_MS: '1500',
    },
  });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.ws.terminate();
});
afterAll(() => gateway?.stop());

const connect = async (who: string, params?: Record<string, unknown>) => {
  const client = await LiveClient.connect(gateway, who, params);
  clients.push(client);
  return client;
};
const connections = () => (gateway.app.get(LiveGateway) as unknown as { connections: Set<unknown> }).connections.size;

/** Of these, those that are not ending. */
const open = () => {
  const all = (gateway.app.get(LiveGateway) as unknown as { connections: Set<{ socket: { isOpen: boolean } }> })
    .connections;
  return [...all].filter(({ socket }) => socket.isOpen).length;
};

async function tellMuch(userId: string, times: number): Promise<void> {
  const events = gateway.app.get(PersonEvents);
  const payload = { text: 'x'.repeat(60_000) };
  for (let n = 0; n < times; n++) {
    await gateway.app
      .get(Database)
      .tenant('acme', (tx) => events.append(tx, { tenantId: 'acme', userId, event: 'session.message', payload }));
  }
  events.announce('acme', userId);
}

test('a reader that is too slow is closed with 1013, and nobody else is harmed', async () => {
  const [slow, quick] = [await connect('bob@acme.test'), await connect('bob@acme.test')];
  slow.ws.pause();
  // More than what the sockets of two ends hold by themselves.
  await tellMuch('bob', 400);
  await until('the other has all', () => quick.events.length === 400, 60_000);
  expect(quick.seqs).toEqual([...quick.seqs].sort((a, b) => a - b));
  await until('the slow one is given up', () => open() === 1, 30_000);
  slow.ws.resume();
  expect((await slow.closed).code).toBe(1013);
  expect((await quick.request('ping')).ok).toBe(true);
}, 120_000);

test('a slow reader that reads again in time gets everything', async () => {
  const client = await connect('carol@acme.test');
  client.ws.pause();
  await tellMuch('carol', 30);
  client.ws.resume();
  await until('all is there', () => client.events.length === 30);
});

test('one that gives no sign of life is cut', async () => {
  const client = await connect('alice@acme.test');
  const { _socket: socket } = client.ws as unknown as { _socket: { pause(): void } };
  socket.pause();
  await until('it is gone', () => connections() === 0);
});

test('a frame above the limit closes the connection with 1009', async () => {
  const client = await connect('alice@acme.test');
  client.ws.send(`{"type":"req","id":"a","method":"ping","params":{"x":"${'x'.repeat(16_384)}"}}`);
  expect((await client.closed).code).toBe(1009);
});

test('bytes that are no UTF-8 close the connection with 1007', async () => {
  const client = await connect('alice@acme.test');
  client.ws.send(Buffer.from([0x7b, 0xff, 0xfe]), { binary: false });
  expect((await client.closed).code).toBe(1007);
});

test('requests beyond the limit are told when to come back, and the connection lives on', async () => {
  const client = await connect('alice@acme.test');
  const answers = await Promise.all(Array.from({ length: 80 }, () => client.request('ping')));
  const refused = answers.filter(({ ok }) => !ok);
  expect(refused.length).toBeGreaterThan(0);
  expect(answers.length - refused.length).toBeGreaterThanOrEqual(40);
  for (const { error } of refused) expect(error).toMatchObject({ code: 'rate_limited', retryAfter: 1 });
});

test('a flood is read no faster than it is worked on', async () => {
  const client = await connect('alice@acme.test');
  const flood = Array.from({ length: 20_000 }, (_, n) => JSON.stringify({ type: 'req', id: `f${n}`, method: 'ping' }));
  for (const frame of flood) client.ws.send(frame);
  const { connections } = gateway.app.get(LiveGateway) as unknown as {
    connections: Set<{ socket: { inFlight: number; waiting: unknown[] } }>;
  };
  let most = 0;
  let waiting = 0;
  await until(
    'all are answered',
    () => {
      for (const { socket } of connections) {
        most = Math.max(most, socket.inFlight);
        waiting = Math.max(waiting, socket.waiting.length);
      }
      return client.frames.length > 20_000;
    },
    60_000,
  );
  expect(most).toBeLessThanOrEqual(4);
  // Never more than what one read of the network held.
  expect(waiting).toBeLessThan(4_000);
}, 120_000);

describe('who may not be connected any more', () => {
  test('is closed when the token is revoked, though nothing was said', async () => {
    const { id, token } = await agentToken(gateway, ['alice']);
    const client = await connect(token);
    await gateway.call('admin@acme.test', 'DELETE', `/api/v1/agent-tokens/${id}`);
    const revokedAt = performance.now();
    expect((await client.closed).code).toBe(4401);
    expect(performance.now() - revokedAt).toBeLessThan(5_000);
  });

  test('is closed when the person leaves', async () => {
    const newcomer = {
      id: 'nora',
      email: 'nora@acme.test',
      name: 'Nora',
      orgId: 'legal',
      teamIds: [],
      roles: ['user'],
    };
    await gateway.call('admin@acme.test', 'POST', '/api/v1/users', { users: [newcomer] });
    const client = await connect((await agentToken(gateway, '*')).token, { userId: 'nora' });
    await gateway.call('admin@acme.test', 'DELETE', '/api/v1/users/nora');
    expect((await client.closed).code).toBe(4401);
  });

  test('others stay', async () => {
    const { id } = await agentToken(gateway, ['alice']);
    const client = await connect('alice@acme.test');
    await gateway.call('admin@acme.test', 'DELETE', `/api/v1/agent-tokens/${id}`);
    expect((await client.request('ping')).ok).toBe(true);
  });
});

test('a process takes no more connections than its limit', async () => {
  const small = await startReplica(gateway, { WS_CONNECTIONS: 4 });
  try {
    for (let n = 0; n < 4; n++) await LiveClient.connect({ ...small, token: gateway.token }, 'bob@acme.test');
    const answer = await handshake(small.url);
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/\r\nRetry-After: 5\r\n/);
  } finally {
    await small.stop();
  }
});

test('draining answers what is under way, closes with 1012 and takes nobody new', async () => {
  const replica = await startReplica(gateway);
  try {
    const client = await LiveClient.connect({ ...replica, token: gateway.token }, 'alice@acme.test');
    const entry = { actionType: 'admin', actionDetail: 'x', outcome: 'success' };
    const underWay = client.request('audit.append', { entries: Array.from({ length: 200 }, () => entry) });
    const live = replica.app.get(LiveGateway);
    const { connections } = live as unknown as { connections: Set<{ socket: { inFlight: number } }> };
    await until(
      'it is under way',
      () => [...connections].some(({ socket }) => socket.inFlight > 0) || client.frames[1],
    );
    const drained = live.beforeApplicationShutdown();
    expect(await handshake(replica.url)).toMatch(/^HTTP\/1\.1 503 /);
    expect((await underWay).ok).toBe(true);
    expect(await client.closed).toEqual({ code: 1012, reason: 'the service restarts; connect again' });
    await drained;
  } finally {
    await replica.stop();
  }
});

/** The bytes with which the server answers a proper handshake that it refuses. */
function handshake(url: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1', () =>
      socket.write(
        'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      ),
    );
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk))).on('close', () => resolve(text));
  });
}
