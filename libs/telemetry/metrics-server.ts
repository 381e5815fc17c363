import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { register } from 'prom-client';

/** Serves `GET /metrics` on a port of its own, so that the public one never shows them. */
@Injectable()
export class MetricsServer implements OnApplicationBootstrap, OnApplicationShutdown {
  private server?: Server;

  constructor(@Inject(SETTINGS_TOKEN) private readonly settings: Settings) {}

  async onApplicationBootstrap(): Promise<void> {
    const server = createServer((request, response) => {
      if (request.url !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      register.metrics().then(
        (text) => response.writeHead(200, { 'Content-Type': register.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    });
    await new Promise<void>((listening, failed) => {
      server.once('error', failed).listen(this.settings.METRICS_PORT, this.settings.HOST, listening);
    });
    this.server = server;
  }

  /** The port in use, which matters where `METRICS_PORT` is 0. */
  get port(): number {
    return (this.server?.address() as AddressInfo).port;
  }

  async onApplicationShutdown(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((closed) => (this.server ? this.server.close(closed) : closed(undefined)));
  }
}
