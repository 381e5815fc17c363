import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Settings } from '#libs/config';
import fastifyCookie from '@fastify/cookie';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Logger } from 'pino';
import helmet from 'helmet';
import { Histogram, register } from 'prom-client';
import { settleIdempotency } from './idempotency.guard.ts';
import { isCleanText, parseJson } from './json.ts';
import { toProblem } from './problem.filter.ts';
import { refuseConnection, sendProblem } from './problem.response.ts';
import { Problem } from './problem.ts';
import { KnownRoutes } from './known-routes.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The methods that some route takes at this path, for the answer to one that none takes. */
    methodsAt?: (path: string) => readonly string[];
  }
}

/** Left on requests whose body is judged before it is read: a signature is over its bytes. */
export interface RawBodyRequest {
  rawBody?: Buffer;
}

/** Where bodies are not read but kept as they came. */
const RAW = /^\/api\/v1\/webhooks\//;

/** The last answer on each connection, so that bytes that are no request are not answered before a request that is. */
const lastAnswers = new WeakMap<object, ServerResponse>();

/** For answers that no browser shows as a page. */
const API_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Fastify as this service wants it: request ids, limits, one log line a request. */
export function createAdapter(settings: Settings, logger: Logger): FastifyAdapter {
  return new FastifyAdapter({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // Lines that carry a request id say so themselves: a logger for each request would be made for nothing.
    childLoggerFactory: ((parent: Logger) => parent) as never,
    bodyLimit: settings.REQUEST_BODY_LIMIT_BYTES,
    // Whatever else a request asks to be upgraded to (some clients ask for h2c each time), it is answered as it is.
    http: { shouldUpgradeCallback: isLive },
    routerOptions: { maxParamLength: 256 },
    requestTimeout: 60_000,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    genReqId: (request: { headers: Record<string, unknown> }) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    // Addresses that the router cannot read reach neither hooks nor filter.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      void reply.header('X-Request-Id', request.id);
      sendProblem(reply, toProblem(error), request.id);
    },
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => {
      const answer = lastAnswers.get(socket);
      if (answer && !answer.writableFinished && !answer.destroyed) {
        answer.once('close', () => refuseConnection(error, socket));
      } else refuseConnection(error, socket);
    },
    // The sign-in addresses are short: /auth/login is the same as /api/v1/auth/login.
    rewriteUrl: (request: { url?: string }) => {
      const url = request.url ?? '/';
      return url.startsWith('/auth/') ? `/api/v1${url}` : url;
    },
  }) as unknown as FastifyAdapter;
}

/** Where the WebSocket gateway listens. */
const LIVE_PATH = /^\/ws(\?|$)/;

function isLive(request: IncomingMessage): boolean {
  return LIVE_PATH.test(request.url ?? '') && request.headers.upgrade?.toLowerCase() === 'websocket';
}

/** Adds parsers, headers, request log and duration metric. Call once, before the application initialises. */
export async function prepare(app: NestFastifyApplication, settings: Settings, logger: Logger): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  // Only sign-in and pages have cookies; they read them with `cookieOf`.
  await app.register(fastifyCookie as never, { hook: false });
  const https = settings.PUBLIC_URL.startsWith('https:');
  const apiHeaders = https ? { ...API_HEADERS, 'Strict-Transport-Security': 'max-age=31536000' } : API_HEADERS;
  const protectPage = helmet({
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'", new URL(settings.OIDC_ISSUER).origin],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        upgradeInsecureRequests: null,
      },
    },
    hsts: https,
  });

  fastify.removeAllContentTypeParsers();
  for (const type of [/^application\/(json|[\w.+-]+\+json)(;|$)/]) {
    fastify.addContentTypeParser(type, { parseAs: 'buffer' }, (request: FastifyRequest, body: Buffer, done) => {
      if (RAW.test(request.url)) {
        (request as FastifyRequest & RawBodyRequest).rawBody = body;
        done(null, undefined);
        return;
      }
      try {
        done(null, body.length === 0 ? undefined : parseJson(body));
      } catch (error) {
        done(error as Error);
      }
    });
  }
  const routes = new KnownRoutes();
  fastify.addHook('onRoute', ({ method, url }) => routes.add([method].flat(), url));
  fastify.decorate('methodsAt', (path: string) => routes.methodsAt(path));
  fastify.addHook('onRequest', (request, reply, next) => {
    lastAnswers.set(request.raw.socket, reply.raw);
    // AuthZEN 1.0, "Request Identification": the caller gets back what it sent, even what is not fit for our records.
    const given = request.url.startsWith('/access/') ? String(request.headers['x-request-id'] ?? '') : '';
    void reply.header('X-Request-Id', /^[\x20-\x7e]+$/.test(given) ? given : request.id);
    // What answers programs needs less than a page does, and is on the path of every decision.
    if (/^\/(api|access)\//.test(request.url)) {
      void reply.headers(apiHeaders);
      next();
    } else protectPage(request.raw, reply.raw, next as () => void);
  });
  fastify.addHook('preValidation', (request, _reply, next) => {
    refuseUncleanText(request);
    next();
  });
  fastify.addHook('onSend', settleIdempotency);
  measure(fastify, logger);
}

/** The value of a cookie that the caller sent. */
export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  const { cookie } = request.headers;
  return cookie === undefined ? undefined : request.server.parseCookie(cookie)[name];
}

function refuseUncleanText(request: FastifyRequest): void {
  for (const [where, values] of [
    ['query', request.query],
    ['path', request.params],
  ] as const) {
    for (const [name, value] of Object.entries((values ?? {}) as Record<string, unknown>)) {
      const texts = Array.isArray(value) ? value : [value];
      if (!texts.every((text) => typeof text !== 'string' || isCleanText(text)) || !isCleanText(name)) {
        throw new Problem('validation_failed', `The ${where} has a NUL character or half of a surrogate pair.`);
      }
    }
  }
}

const DURATION = 'http_server_request_duration_seconds';

function measure(fastify: FastifyInstance, logger: Logger): void {
  const duration =
    (register.getSingleMetric(DURATION) as Histogram<'method' | 'route' | 'status'> | undefined) ??
    new Histogram({
      name: DURATION,
      help: 'Time from the request line to the last byte of the answer.',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    });
  fastify.addHook('onResponse', (request, reply, next) => {
    const route = request.routeOptions.url ?? 'unmatched';
    duration.labels(request.method, route, String(reply.statusCode)).observe(reply.elapsedTime / 1000);
    const level = reply.statusCode >= 500 ? 'warn' : 'debug';
    if (logger.isLevelEnabled(level)) {
      const ms = Math.round(reply.elapsedTime * 10) / 10;
      const { id: requestId, method } = request;
      logger[level]({ requestId, method, route, status: reply.statusCode, ms }, 'request');
    }
    next();
  });
}
