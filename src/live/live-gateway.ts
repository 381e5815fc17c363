import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { answerOnSocket, checkedValue, Problem, toProblem } from '#libs/http';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { type WebSocket, WebSocketServer } from 'ws';
import { Deliveries } from './deliveries.ts';
import {
  answerFrame,
  CLOSE,
  CONNECT,
  errorFrame,
  PROTOCOL,
  readRequest,
  type RequestFrame,
  UnreadableFrame,
} from './frames.ts';
import { LiveCalls } from './live-calls.ts';
import type { LiveSession } from './live-session.ts';
import { LiveSocket } from './live-socket.ts';
import { LocalRoster } from './roster.ts';
import { Standings } from './standing.ts';

/** One connection, before and after `connect`. */
interface Connection {
  readonly socket: LiveSocket;
  session?: LiveSession;
}

/** WebSockets at `/ws`, on the server of the HTTP API. */
@Injectable()
export class LiveGateway implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger('live');
  private readonly server: WebSocketServer;
  private readonly connections = new Set<Connection>();
  /** Of these, those that have not sent `connect` yet. */
  private strangers = 0;
  private draining = false;
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly standings: Standings,
    private readonly deliveries: Deliveries,
    private readonly calls: LiveCalls,
    private readonly roster: LocalRoster,
    private readonly clock: Clock,
    @InjectMetric('websocket_connections') private readonly open: Gauge,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {
    this.server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: settings.WS_FRAME_LIMIT_BYTES,
    });
    this.server.on('wsClientError', (error, socket) =>
      answerOnSocket(new Problem('validation_failed', `This is no WebSocket handshake: ${error.message}`), socket),
    );
  }

  onApplicationBootstrap(): void {
    const http = this.host.httpAdapter.getHttpServer() as Server;
    http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    this.heartbeat = setInterval(() => {
      for (const { socket } of this.connections) socket.beat();
    }, this.settings.WS_HEARTBEAT_MS).unref();
  }

  /** Takes nobody new, answers what is under way, sends everybody to another replica. */
  async beforeApplicationShutdown(): Promise<void> {
    this.draining = true;
    clearInterval(this.heartbeat);
    const cancel = this.clock.after(this.settings.SHUTDOWN_GRACE_MS, () => {
      for (const { socket } of this.connections) socket.terminate();
    });
    await Promise.all([...this.connections].map(({ socket }) => socket.drain()));
    cancel();
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    const refusal = this.refusalOf(request);
    if (refusal) answerOnSocket(refusal, socket);
    else this.server.handleUpgrade(request, socket, head, (ws) => this.accept(ws));
  }

  private refusalOf(request: IncomingMessage): Problem | undefined {
    if (this.draining) return new Problem('overloaded', 'This replica is shutting down.', { retryAfter: 1 });
    // No cookie is looked at here, but a page that got hold of a token should not have our address to use it from.
    const { origin } = request.headers;
    if (origin !== undefined && origin !== new URL(this.settings.PUBLIC_URL).origin) {
      return new Problem('forbidden', `Pages of "${origin.slice(0, 200)}" may not connect.`);
    }
    const { WS_CONNECTIONS: limit } = this.settings;
    if (this.connections.size >= limit || this.strangers >= Math.ceil(limit / 4)) {
      return new Problem('overloaded', 'There are too many connections to this replica.', { retryAfter: 5 });
    }
    return undefined;
  }

  private accept(ws: WebSocket): void {
    const { settings } = this;
    const limits = {
      inFlight: settings.WS_IN_FLIGHT,
      bufferBytes: settings.WS_BUFFER_LIMIT_BYTES,
      slowReaderMs: settings.WS_SLOW_READER_MS,
    };
    const socket = new LiveSocket(ws, this.clock, limits, (frame) => this.answer(connection, frame));
    const connection: Connection = { socket };
    this.connections.add(connection);
    this.open.inc();
    this.strangers++;
    const cancel = this.clock.after(settings.WS_CONNECT_TIMEOUT_MS, () => {
      if (!connection.session) socket.close(CLOSE.unauthenticated, 'no "connect" in time');
    });
    void socket.closed.then(() => {
      cancel();
      this.connections.delete(connection);
      this.open.dec();
      if (connection.session) this.deliveries.end(connection.session);
      else this.strangers--;
    });
  }

  private async answer(connection: Connection, bytes: Buffer): Promise<void> {
    const { socket, session } = connection;
    const requestId = randomUUID();
    let id: string | null = null;
    try {
      const frame = readRequest(bytes);
      id = frame.id;
      if (session) socket.send(answerFrame(id, await this.calls.call(session, frame, requestId)));
      else await this.connect(connection, frame);
    } catch (error) {
      if (error instanceof UnreadableFrame) id = error.id;
      const problem = error instanceof UnreadableFrame ? error.problem : toProblem(error);
      if (problem.code === 'internal') this.log.error({ err: error, requestId }, 'unexpected error');
      socket.send(errorFrame(id, problem, requestId));
      if (problem.status === 401) socket.close(CLOSE.unauthenticated, 'the token is not valid');
      else if (!session) {
        const isTemporary = problem.status >= 500 || problem.status === 429;
        socket.close(isTemporary ? CLOSE.tryLater : CLOSE.policy, `not connected: ${problem.code}`);
      }
    }
  }

  private async connect(connection: Connection, frame: RequestFrame): Promise<void> {
    const { socket } = connection;
    if (frame.method !== 'connect') {
      throw new Problem('authentication_required', 'The first request must be "connect", with a token.');
    }
    const { token, userId: named, instanceId, lastSeq } = await checkedValue(CONNECT, frame.params ?? {});
    const { principal, userId } = await this.standings.of(token, named);
    const { tenantId } = principal;
    const { last, from } = await this.deliveries.standing(tenantId, userId, lastSeq ?? Number.MAX_SAFE_INTEGER);
    const most = this.settings.WS_CONNECTIONS_PER_PERSON;
    if (this.roster.sessionsOf(tenantId, userId).size >= most) {
      throw new Problem('rate_limited', `At most ${most} connections for one person.`, { retryAfter: 5 });
    }
    if (!socket.isOpen) return;
    const revision = this.deliveries.revisionOf(tenantId);
    const session: LiveSession = {
      ...{ id: randomUUID(), socket, token, tenantId, userId, instanceId, principal, revision },
      connectedAt: new Date(this.clock.now()),
      uncheckedSince: undefined,
      cursor: Math.min(lastSeq ?? last, last),
      hasNews: false,
      isFed: false,
      feedAgain: false,
    };
    connection.session = session;
    this.strangers--;
    socket.allowParallel();
    const payload = {
      ...{ protocol: PROTOCOL, userId, seq: last, replayFrom: from, policyRevision: revision },
      limits: {
        frameBytes: this.settings.WS_FRAME_LIMIT_BYTES,
        inFlight: this.settings.WS_IN_FLIGHT,
        requestsPerSecond: this.settings.WS_REQUESTS_PER_SECOND,
        heartbeatMs: this.settings.WS_HEARTBEAT_MS,
      },
    };
    socket.send(answerFrame(frame.id, payload));
    this.deliveries.begin(session, last);
  }
}
