import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Emulator, Fault, FaultPlan, Written } from './emulator.ts';

const BODY_LIMIT_BYTES = 40 * 1024 * 1024;

export interface EmulatedRequest {
  readonly method: string;
  /** With its leading slash, without the query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** Whose token came with it; empty on routes without sign-in. */
  readonly email: string;
}

export interface EmulatedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string or bytes as they are; anything else as JSON; undefined: no body. */
  readonly body?: unknown;
}

/** How one vendor differs from the next. */
export interface EmulatedVendor {
  /** The vendor's own answer to a token that it does not know. */
  unauthorised(): EmulatedAnswer;
  /** The token in a request; by default that of `Authorization: Bearer …`. */
  tokenOf?(request: Omit<EmulatedRequest, 'email'>): string | undefined;
  /** Routes that need no token, such as the token endpoint. */
  isOpen?(request: Omit<EmulatedRequest, 'email'>): boolean;
  answer(request: EmulatedRequest): EmulatedAnswer | Promise<EmulatedAnswer>;
}

/** What all emulators share: the listener, tokens, faults, and the account of what was written. */
export class EmulatorServer implements Emulator {
  readonly written: Written[] = [];
  readonly answered = new Map<number, number>();
  /** Decides for each request whether something goes wrong. */
  faults: FaultPlan = () => undefined;
  private readonly tokens = new Map<string, string>();
  private readonly server: Server;

  private constructor(private readonly vendor: EmulatedVendor) {
    this.server = createServer((incoming, response) => {
      this.serve(incoming, response).catch((error: unknown) => {
        // A mistake of the emulator itself must be seen in the test that meets it.
        if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
        response.end(`emulator: ${(error as Error).stack ?? String(error)}`);
      });
    });
    this.server.keepAliveTimeout = 60_000;
  }

  static async listen(vendor: EmulatedVendor, port = 0): Promise<EmulatorServer> {
    const emulator = new EmulatorServer(vendor);
    emulator.server.listen(port, '127.0.0.1');
    await once(emulator.server, 'listening');
    return emulator;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  addToken(token: string, email: string): void {
    this.tokens.set(token, email);
  }

  /** The token is refused from now on. */
  revokeToken(token: string): void {
    this.tokens.delete(token);
  }

  record(by: string, operation: string, detail: Readonly<Record<string, unknown>>): void {
    this.written.push({ at: new Date().toISOString(), by, operation, detail });
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
    const request = {
      method: incoming.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: await bodyOf(incoming),
    };
    const token = this.vendor.tokenOf ? this.vendor.tokenOf(request) : bearerOf(request.headers.authorization);
    const email = (token !== undefined && this.tokens.get(token)) || '';
    const fault = this.faults({ method: request.method, path: request.path, email });
    if (fault?.kind === 'delay') await pause(fault.ms);
    if (fault?.kind === 'reset' && !fault.after) return void incoming.socket.resetAndDestroy();
    const answer =
      fault?.kind === 'status'
        ? { status: fault.status, headers: fault.headers, body: fault.body }
        : email === '' && !this.vendor.isOpen?.(request)
          ? this.vendor.unauthorised()
          : await this.vendor.answer({ ...request, email });
    if (fault?.kind === 'late') await pause(fault.ms, undefined, { ref: false });
    if (fault?.kind === 'reset') return void incoming.socket.resetAndDestroy();
    this.answered.set(answer.status, (this.answered.get(answer.status) ?? 0) + 1);
    send(response, answer, fault);
  }
}

function send(response: ServerResponse, answer: EmulatedAnswer, fault: Fault | undefined): void {
  const raw = typeof answer.body === 'string' || answer.body instanceof Uint8Array;
  const body =
    answer.body === undefined
      ? Buffer.alloc(0)
      : Buffer.from(raw ? (answer.body as string) : JSON.stringify(answer.body));
  const headers = {
    ...(raw || body.length === 0 ? {} : { 'content-type': 'application/json; charset=UTF-8' }),
    ...answer.headers,
  };
  if (fault?.kind === 'garbage') {
    response.writeHead(answer.status, headers).end('<html><body>Bad gateway</body></html>');
  } else if (fault?.kind === 'truncate') {
    response.writeHead(answer.status, { ...headers, 'content-length': String(body.length) });
    response.write(body.subarray(0, body.length >> 1), () => response.destroy());
  } else if (answer.status === 204 || answer.status === 304) {
    response.writeHead(answer.status, headers).end();
  } else {
    response.writeHead(answer.status, { ...headers, 'content-length': String(body.length) }).end(body);
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) throw new Error('the request body is too large for an emulator');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function bearerOf(header: string | undefined): string | undefined {
  return header?.match(/^(?:Bearer|token) (.+)$/i)?.[1];
}
