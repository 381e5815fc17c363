import { Lifecycle } from '#health';
import { completeSettings, type Settings } from '#libs/config';
import { createAdapter, prepare } from '#libs/http';
import { createLogger, NestLogger } from '#libs/telemetry';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RequestMethod } from '@nestjs/common';
import type { DestinationStream, Logger } from 'pino';
import { AppModule } from './app.module.ts';
import { bootstrapTenant } from './bootstrap.ts';
import { serveOpenApi } from './openapi.ts';

/** A gateway that listens. */
export interface Gateway {
  readonly app: NestFastifyApplication;
  readonly settings: Settings;
  /** Where it listens, such as `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Takes no new work, lets requests finish, and gives everything back. Safe to call twice. */
  stop(): Promise<void>;
}

/** Beside `/api/v1` lie what is not meant for its users, and the addresses that a standard gives. */
const BESIDE = [
  'livez',
  'readyz',
  'startupz',
  'api/v1/status',
  'opa/v1/*path',
  'access/v1/*path',
  '.well-known/*path',
  'console/*path',
  '/',
];

export function prefixRoutes(app: NestFastifyApplication): void {
  app.setGlobalPrefix('api/v1', { exclude: BESIDE.map((path) => ({ path, method: RequestMethod.ALL })) });
}

/** Builds the application without listening. */
export async function createGateway(settings: Settings, logger: Logger): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with(settings),
    createAdapter(settings, logger),
    {
      logger: new NestLogger(logger),
      bodyParser: false,
      abortOnError: false,
    },
  );
  prefixRoutes(app);
  await prepare(app, settings, logger);
  return app;
}

/** Starts the gateway. The schema must be up to date. Logs go to standard error, or where `logTo` says. */
export async function startGateway(
  parsed: Parameters<typeof completeSettings>[0],
  logTo?: DestinationStream,
): Promise<Gateway> {
  const settings = completeSettings(parsed);
  const logger = createLogger(settings.LOG_LEVEL, settings.OPENCLAW_REPLICA_ID, logTo);
  const app = await createGateway(settings, logger);
  serveOpenApi(app);
  try {
    await bootstrapTenant(app, settings);
    await app.listen(settings.PORT, settings.HOST);
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
  let stopping: Promise<void> | undefined;
  return { app, settings, url: settings.PUBLIC_URL, stop: () => (stopping ??= drain(app, settings)) };
}

/** Takes no new work, lets requests finish for as long as the grace allows, and gives everything back. */
export async function drain(app: NestFastifyApplication, settings: Settings): Promise<void> {
  app.get(Lifecycle).drain();
  const server = app.getHttpServer();
  const closed = app.close();
  // A connection that was busy when the server closed would be kept for its next request.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const patience = setTimeout(() => server.closeAllConnections(), settings.SHUTDOWN_GRACE_MS);
  try {
    await closed;
  } finally {
    clearInterval(sweep);
    clearTimeout(patience);
  }
}
