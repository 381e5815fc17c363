import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { Pool } from 'undici';
import { requestBytes } from '../load/generator/calls.ts';
import { Connection } from '../load/generator/connection.ts';
import { table } from '../load/table.ts';
import { duration } from './growth.ts';

const CONNECTIONS = 100;
const CALLS = 20_000;
const BODY = { action: 'email_read', resource: { connector: 'gmail', classification: 'internal' } };
const ANSWER = JSON.stringify({ decisionId: '0'.repeat(26), decision: 'allow', padding: 'x'.repeat(900) });

/** A way to make one call over the n-th of so many connections. */
interface Client {
  readonly call: (n: number) => Promise<number>;
  close(): void;
}

/** Processor time of this thread that a call costs, by HTTP client, against a server in a thread of its own. */
export async function compareClients(): Promise<string> {
  const worker = new Worker(new URL('./clients-server.ts', import.meta.url), { workerData: ANSWER });
  const port = await new Promise<number>((listening) => worker.once('message', listening));
  const target = { host: '127.0.0.1', port };
  const clients: Record<string, () => Client> = {
    'raw socket (used)': () => raw(target),
    'undici Pool': () => undici(target),
    'node:http Agent': () => nodeHttp(target),
  };
  const rows: string[][] = [];
  for (const [name, make] of Object.entries(clients)) {
    const client = make();
    await calls(client, CALLS / 4);
    let best = Infinity;
    for (let round = 0; round < 3; round++) {
      const before = process.threadCpuUsage();
      await calls(client, CALLS);
      const { user, system } = process.threadCpuUsage(before);
      best = Math.min(best, (user + system) / 1_000 / CALLS);
    }
    client.close();
    rows.push([name, duration(best), Math.round(1_000 / best).toLocaleString('en-GB')]);
  }
  await worker.terminate();
  return table(['HTTP client', 'CPU a call', 'Calls a core and second'], rows);
}

async function calls(client: Client, n: number): Promise<void> {
  let left = n;
  const user = async (at: number) => {
    while (left-- > 0) if ((await client.call(at)) !== 200) throw new Error('not answered with 200');
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, at) => user(at)));
}

function raw(target: { host: string; port: number }): Client {
  const bytes = requestBytes(target, 'POST', '/x', 'token', BODY);
  const connections = Array.from({ length: CONNECTIONS }, () => new Connection(target.host, target.port));
  return {
    call: (n) => new Promise((done) => connections[n]!.send(bytes, 0, (outcome) => done(outcome.status))),
    close: () => connections.forEach((connection) => connection.close()),
  };
}

function undici({ host, port }: { host: string; port: number }): Client {
  const pool = new Pool(`http://${host}:${port}`, { connections: CONNECTIONS, pipelining: 1 });
  const body = JSON.stringify(BODY);
  const headers = { authorization: 'Bearer token', 'content-type': 'application/json' };
  return {
    call: async () => {
      const response = await pool.request({ method: 'POST', path: '/x', headers, body });
      await response.body.text();
      return response.statusCode;
    },
    close: () => void pool.destroy(),
  };
}

function nodeHttp({ host, port }: { host: string; port: number }): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const body = JSON.stringify(BODY);
  const headers = {
    authorization: 'Bearer token',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  return {
    call: () =>
      new Promise((done, failed) => {
        request({ agent, host, port, method: 'POST', path: '/x', headers }, (response) => {
          response.on('data', () => undefined).on('end', () => done(response.statusCode ?? 0));
        })
          .on('error', failed)
          .end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** Answers everything with the same body. Runs in a thread of its own. */
export function serve(answer: string): Promise<Server> {
  const server = createServer((incoming, response) => {
    incoming.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
    });
  });
  return new Promise((listening) => server.listen(0, '127.0.0.1', () => listening(server)));
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
