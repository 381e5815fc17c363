import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing of the developer's own settings gets through. */
function environment(env: Record<string, string>): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, ...env };
}

/** Starts the real command line as a process of its own. */
export function startOce(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [resolve('bin/oce.mjs'), ...args], {
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function oce(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  return finished(startOce(args, env));
}

export async function finished(child: ChildProcess): Promise<Finished> {
  const [out, err] = [[] as Buffer[], [] as Buffer[]];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

export interface StubRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server that answers as the test says, for what a healthy service does not do. */
export class StubServer {
  readonly requests: StubRequest[] = [];

  private constructor(private readonly server: Server) {}

  static async start(answer: (request: StubRequest, reply: ServerResponse, n: number) => void): Promise<StubServer> {
    const server = createServer((request, reply) => {
      void (async () => {
        const parts: Buffer[] = [];
        for await (const part of request) parts.push(part as Buffer);
        const seen = {
          method: request.method ?? '',
          url: new URL(request.url ?? '/', 'http://stub'),
          headers: request.headers,
          body: Buffer.concat(parts).toString(),
        };
        stub.requests.push(seen);
        answer(seen, reply, stub.requests.length);
      })();
    });
    const stub = new StubServer(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return stub;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

export function sendJson(reply: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  reply.writeHead(status, { 'Content-Type': type, ...headers }).end(JSON.stringify(body));
}

export function sendProblem(
  reply: ServerResponse,
  status: number,
  code: string,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
) {
  const problem = {
    type: `urn:openclaw:problem:${code}`,
    title: code,
    status,
    detail: 'the detail',
    code,
    requestId: 'r1',
  };
  sendJson(reply, status, { ...problem, ...more }, headers);
}
