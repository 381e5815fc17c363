import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands between a client and an HTTP server and misbehaves on demand. */
export class FaultyHttp {
  /** How calls to the given paths are answered instead; undefined passes them on. */
  fault: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Which calls a fault concerns. */
  concerns: (path: string) => boolean = () => true;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async before(target: string): Promise<FaultyHttp> {
    const self: { current?: FaultyHttp } = {};
    const server = createServer((request, response) => {
      if (self.current?.fault && self.current.concerns(request.url ?? '/')) {
        self.current.fault(request, response);
        return;
      }
      const upstream = httpRequest(new URL(request.url ?? '/', target), {
        method: request.method,
        headers: request.headers,
      });
      upstream.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      upstream.on('error', () => response.destroy());
      response.on('close', () => upstream.destroy());
      request.pipe(upstream);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    self.current = new FaultyHttp(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return self.current;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}
