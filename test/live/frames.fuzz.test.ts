import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';
import { LiveGateway } from '../../src/live/live-gateway.ts';
import { LiveClient } from './client.ts';

let gateway: TestGateway;
let token: string;
beforeAll(async () => {
  const rates = { WS_REQUESTS_PER_SECOND: '1000000', WS_CONNECTIONS_PER_PERSON: '1000', WS_FRAME_LIMIT_BYTES: '65536' };
  gateway = await startTestGateway({ env: rates });
  token = await gateway.token('alice@acme.test');
});
afterAll(() => gateway?.stop());

/** Everything that `/ws` may close with. */
const DOCUMENTED = [1002, 1003, 1007, 1008, 1009, 1013, 4401];

const VALID = [
  { type: 'req', id: 'a', method: 'ping', params: {} },
  { type: 'req', id: 'b', method: 'sessions.list' },
  {
    type: 'req',
    id: 'c',
    method: 'policy.evaluate',
    params: { action: 'email_read', resource: { connector: 'gmail' } },
  },
  {
    type: 'req',
    id: 'd',
    method: 'audit.append',
    params: { actionType: 'admin', actionDetail: 'x', outcome: 'success' },
  },
  { type: 'req', id: 'e', method: 'connect', params: { token: 'x', instanceId: 'y' } },
  { type: 'res', id: 'f', ok: true },
];
const EVIL = [
  '\u0000',
  '\ud800',
  '__proto__',
  '{'.repeat(500),
  '['.repeat(5_000),
  '1e999',
  '\\u0000',
  '"',
  '\u202e',
  '-0',
  'null',
];

/** A valid frame with a value somewhere replaced by anything. */
const reshaped = fc
  .tuple(
    fc.constantFrom(...VALID),
    fc.constantFrom('type', 'id', 'method', 'params', 'more'),
    fc.jsonValue({ maxDepth: 4 }),
  )
  .map(([frame, field, value]) => JSON.stringify({ ...frame, [field]: value }));
/** The params of a valid frame with a field replaced by anything. */
const otherParams = fc
  .tuple(
    fc.constantFrom(...VALID),
    fc.constantFrom(
      'action',
      'resource',
      'context',
      'subject',
      'entries',
      'actionType',
      'actionDetail',
      'userId',
      'tenantId',
      'to',
    ),
    fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(...EVIL)),
  )
  .map(([frame, field, value]) => JSON.stringify({ ...frame, params: { ...frame.params, [field]: value } }));
/** The text of a valid frame, cut, doubled or with something put in. */
const torn = fc
  .tuple(
    fc.constantFrom(...VALID),
    fc.nat(200),
    fc.nat(20),
    fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom(...EVIL)),
  )
  .map(([frame, at, cut, put]) => {
    const text = JSON.stringify(frame);
    return text.slice(0, at) + put + text.slice(at + cut);
  });
const frames = fc.array(fc.oneof(reshaped, otherParams, torn, fc.string({ unit: 'grapheme', maxLength: 50 })), {
  minLength: 10,
  maxLength: 40,
});

const connections = () => (gateway.app.get(LiveGateway) as unknown as { connections: Set<unknown> }).connections.size;

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

test('every frame gets one answer, or the connection ends with a documented code; none is an internal error', async () => {
  let sent = 0;
  let heap = 0;
  await fc.assert(
    fc.asyncProperty(frames, async (all) => {
      if (sent > 2_000 && heap === 0) heap = heapAfterCollection();
      const client = await LiveClient.open(gateway.url);
      expect((await client.hello(token)).ok).toBe(true);
      for (const frame of all) client.ws.send(frame);
      sent += all.length;
      let isClosed: number | undefined;
      void client.closed.then(({ code }) => (isClosed = code));
      await until('all are answered', () => isClosed !== undefined || client.frames.length === all.length + 1);
      if (isClosed !== undefined) expect(DOCUMENTED).toContain(isClosed);
      for (const { type, ok, error } of client.frames) {
        expect(type).toBe('res');
        if (!ok)
          expect(['validation_failed', 'not_found', 'forbidden', 'conflict', 'rate_limited']).toContain(error.code);
      }
      if (isClosed === undefined) await client.end();
    }),
    { numRuns: 300 },
  );
  expect(sent).toBeGreaterThan(5_000);
  await until('nothing is left of them', () => connections() === 0);
  expect(heapAfterCollection() - heap).toBeLessThan(30 * 1024 * 1024);
}, 300_000);

test('first frames of any kind are answered and end the connection', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(reshaped, otherParams, torn), async (frame) => {
      const client = await LiveClient.open(gateway.url);
      client.ws.send(frame);
      expect(DOCUMENTED).toContain((await client.closed).code);
      expect(client.frames).toHaveLength(1);
      expect(client.frames[0]!.ok).toBe(false);
    }),
    { numRuns: 300 },
  );
}, 300_000);

test('bytes that are no WebSocket frames end the connection, and nobody else is harmed', async () => {
  const other = await LiveClient.open(gateway.url);
  await other.hello(token);
  for (let n = 0; n < 300; n++) {
    const client = await LiveClient.open(gateway.url);
    if (n % 2) await client.hello(token);
    const { _socket: socket } = client.ws as unknown as { _socket: import('node:net').Socket };
    socket.end(randomBytes(1 + (n % 200)));
    await client.closed;
  }
  expect((await other.request('ping')).ok).toBe(true);
  await other.end();
  await until('nothing is left of them', () => connections() === 0);
}, 300_000);
