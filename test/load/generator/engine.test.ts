import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Latencies } from '../latencies.ts';
import { requestBytes } from './calls.ts';
import { Engine } from './engine.ts';
import type { Run } from './protocol.ts';

describe('the generator', () => {
  let server: Server;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let sockets: number;
  const engines: Engine[] = [];

  beforeEach(async () => {
    sockets = 0;
    answer = (_, response) => response.end('{"decisionId":"01ARZ3NDEKTSV4RRFFQ69G5FAV","decision":"allow"}');
    server = createServer((request, response) => {
      request.resume().on('end', () => answer(request, response));
    }).on('connection', () => sockets++);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterEach(async () => {
    for (const engine of engines.splice(0)) engine.close();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  function engine(connections: number, more: { decision?: string; status?: number; timeoutMs?: number } = {}): Engine {
    const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const calls = Array.from({ length: connections }, (_, user) => ({
      bytes: requestBytes(target, 'POST', '/x', 'secret', { user }),
      user,
      label: user % 2,
      status: more.status ?? 200,
      decision: more.decision,
    }));
    const made = new Engine({
      ...target,
      connections,
      labels: ['even', 'odd'],
      calls,
      timeoutMs: more.timeoutMs ?? 5_000,
    });
    engines.push(made);
    return made;
  }
  const run = (by: Engine, model: Run['model'], collectIds = false) => by.run({ model, collectIds }, () => undefined);

  test('closed: each user makes its calls one after another over a connection of its own', async () => {
    const seen = new Map<string, number>();
    answer = (request, response) => {
      expect(request.headers.authorization).toBe('Bearer secret');
      const key = String(request.socket.remotePort);
      seen.set(key, (seen.get(key) ?? 0) + 1);
      response.end('{}');
    };
    const result = await run(engine(4), { kind: 'closed', users: 4, callsPerUser: 5 });
    expect(result.calls).toEqual([10, 10]);
    expect(result.histograms.map((h) => new Latencies(h).count)).toEqual([10, 10]);
    expect([...seen.values()]).toEqual([5, 5, 5, 5]);
    expect(result.errors).toEqual({});
  });

  test('open: a stalled server does not slow the arrivals, and the wait counts from when a call was due', async () => {
    let stalled = true;
    answer = (_, response) => void (stalled ? setTimeout(() => response.end('{}'), 600) : response.end('{}'));
    setTimeout(() => (stalled = false), 300);
    const result = await run(engine(2), { kind: 'open', rate: 100, durationMs: 1_000 });
    const [even, odd] = result.histograms.map((h) => new Latencies(h));
    expect(even!.count + odd!.count).toBeGreaterThan(60);
    expect(result.backlog).toBeGreaterThan(20);
    // One connection at a time was held for 600 ms; without the intended time nearly all calls would look fast.
    expect(even!.add(odd!).percentile(50)).toBeGreaterThan(100);
  });

  test('open: gives up, and says so, where calls only wait longer and longer', async () => {
    answer = (_, response) => void setTimeout(() => response.end('{}'), 1_500);
    const result = await run(engine(1), { kind: 'open', rate: 200, durationMs: 20_000 });
    expect(result.abandoned).toBe(true);
    expect(result.errors['never sent: no connection was free']).toBeGreaterThan(100);
  });

  test('counts errors by kind', async () => {
    let n = 0;
    answer = (request, response) => {
      switch (n++) {
        case 0:
          return void response.writeHead(503).end('{"title":"Overloaded","code":"overloaded"}');
        case 1:
          return void request.socket.destroy();
        case 2:
          return void response.end('{"decisionId":"01ARZ3NDEKTSV4RRFFQ69G5FAV","decision":"deny","reason":"x"}');
        case 3:
          return void response.end(
            '{"decisionId":"01ARZ3NDEKTSV4RRFFQ69G5FAV","decision":"deny","reason":"policy_engine_unreachable"}',
          );
        case 4:
          return; // never answers
        default:
          return void response.end('{"decisionId":"01ARZ3NDEKTSV4RRFFQ69G5FAV","decision":"allow"}');
      }
    };
    const calls = { kind: 'closed', users: 1, callsPerUser: 8 } as const;
    const result = await run(engine(1, { decision: 'allow', timeoutMs: 300 }), calls);
    expect(result.errors).toEqual({
      '503 overloaded': 1,
      'socket closed': 1,
      'decision deny where allow holds': 1,
      'decision policy_engine_unreachable': 1,
      timeout: 1,
    });
    expect(result.calls[0]).toBe(8);
    expect(result.decisions).toEqual({ deny: 2, allow: 3 });
  });

  test('says when nobody listens', async () => {
    const made = engine(1);
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    const result = await run(made, { kind: 'closed', users: 1, callsPerUser: 1 });
    expect(result.errors).toEqual({ 'socket ECONNREFUSED': 1 });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });

  test('collects ids, whether the answer has a length, comes in pieces or in chunks', async () => {
    const ids = ['01ARZ3NDEKTSV4RRFFQ69G5FAV', '01ARZ3NDEKTSV4RRFFQ69G5FAW'];
    const body = JSON.stringify({ ids });
    let n = 0;
    answer = (_, response) => {
      if (n++ % 2 === 0) return void response.setHeader('content-length', body.length).end(body);
      response.write(body.slice(0, 20));
      void delay(20).then(() => response.end(body.slice(20)));
    };
    const result = await run(engine(1), { kind: 'closed', users: 1, callsPerUser: 4 }, true);
    expect(result.errors).toEqual({});
    expect(result.ids).toEqual([...ids, ...ids, ...ids, ...ids]);
    expect(sockets).toBe(1);
  });

  test('ends early when told to', async () => {
    const made = engine(2);
    setTimeout(() => made.stop(), 100);
    const result = await run(made, { kind: 'closed', users: 2, durationMs: 60_000 });
    expect(result.elapsedMs).toBeLessThan(10_000);
  });
});
