import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { OpaClient, OpaOverloaded, OpaUnreachable } from './opa-client.ts';

interface Item {
  tenant: string;
  n: number;
  wait?: Promise<void>;
}
interface Call {
  items: Item[];
  closed: Promise<void>;
}

let server: Server;
let calls: Call[];
/** Answers a call; replaced by tests. */
let answer: (call: Call, response: ServerResponse) => void;
const clients: OpaClient[] = [];

beforeEach(async () => {
  calls = [];
  answer = (call, response) => response.end(JSON.stringify({ result: call.items.map((item) => item.n) }));
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const call: Call = {
        items: (JSON.parse(text) as { input: { items: Item[] } }).input.items,
        closed: new Promise((closed) => response.on('close', closed)),
      };
      calls.push(call);
      answer(call, response);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

function open(options: { timeoutMs?: number; queueLimit?: number } = {}): OpaClient {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new OpaClient('openclaw/main/batch', { url, timeoutMs: 2_000, ...options });
  clients.push(client);
  return client;
}
const ask = (client: OpaClient, tenant: string, n: number) => client.evaluate(tenant, { tenant, n });

describe('evaluations', () => {
  test('that arrive together travel together, each gets its own answer, and tenants are never mixed', async () => {
    const client = open();
    const asked = Array.from({ length: 600 }, (_, n) => ({ tenant: `t${n % 3}`, n }));
    const answers = await Promise.all(asked.map(({ tenant, n }) => ask(client, tenant, n)));
    expect(answers).toEqual(asked.map(({ n }) => n));
    expect(calls.length).toBeLessThan(60);
    for (const call of calls) expect(new Set(call.items.map((item) => item.tenant)).size).toBe(1);
  });

  test('at rest leave at once, alone', async () => {
    const client = open();
    expect(await ask(client, 'a', 1)).toBe(1);
    expect(await ask(client, 'a', 2)).toBe(2);
    expect(calls.map((call) => call.items.length)).toEqual([1, 1]);
  });

  test('one that OPA cannot evaluate fails alone, its neighbours are answered', async () => {
    answer = (call, response) => {
      if (call.items.some((item) => item.n === 7)) response.writeHead(500).end('{"code":"internal_error"}');
      else response.end(JSON.stringify({ result: call.items.map((item) => item.n) }));
    };
    const client = open();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => ask(client, 'a', n)));
    const failed = outcomes.flatMap((outcome, n) => (outcome.status === 'rejected' ? [n] : []));
    expect(failed).toEqual([7]);
  });

  test('past their time limit are given up, and OPA sees the call aborted', async () => {
    answer = () => undefined;
    const client = open({ timeoutMs: 1_500 });
    await expect(ask(client, 'a', 1)).rejects.toBeInstanceOf(OpaUnreachable);
    await calls[0]!.closed;
  });

  test("a tenant whose calls hang delays nobody else's", async () => {
    answer = (call, response) => {
      if (call.items[0]!.tenant !== 'slow') response.end(JSON.stringify({ result: call.items.map((item) => item.n) }));
    };
    const client = open({ timeoutMs: 4_000 });
    let slowEnded = false;
    const slow = Promise.allSettled(Array.from({ length: 200 }, (_, n) => ask(client, 'slow', n)));
    void slow.then(() => (slowEnded = true));
    for (let n = 0; n < 50; n++) expect(await ask(client, 'quick', n)).toBe(n);
    expect(slowEnded).toBe(false);
    expect((await slow).every((outcome) => outcome.status === 'rejected')).toBe(true);
  });

  test('beyond the bound of the queue are refused at once', async () => {
    answer = () => undefined;
    const client = open({ timeoutMs: 300, queueLimit: 10 });
    const outcomes = await Promise.allSettled(Array.from({ length: 500 }, (_, n) => ask(client, 'a', n)));
    const reasons = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason as Error);
    expect(reasons.some((reason) => reason instanceof OpaOverloaded)).toBe(true);
    expect(reasons.every((reason) => reason instanceof OpaOverloaded || reason instanceof OpaUnreachable)).toBe(true);
  });

  test('work again after OPA was away', async () => {
    const { port } = server.address() as AddressInfo;
    const client = open();
    expect(await ask(client, 'a', 1)).toBe(1);
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    await expect(ask(client, 'a', 2)).rejects.toBeInstanceOf(OpaUnreachable);
    await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
    expect(await ask(client, 'a', 3)).toBe(3);
  });
});
