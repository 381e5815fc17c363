import { AuditLog, AuditMetrics, AuditSink, type NewEntry, PostgresSink, type Share, UlidSource } from '#audit';
import { Clock } from '#libs/clock';
import { createDataSource, Database } from '#libs/database';
import { Logger } from '@nestjs/common';
import { createServer, type Server, type Socket, connect } from 'node:net';
import pg from 'pg';
import type { TestDatabase } from '../harness/database.ts';

// What goes wrong on purpose here need not fill the report.
Logger.overrideLogger(false);

export function entry(fields: Partial<NewEntry> = {}): NewEntry {
  return {
    tenantId: 'acme',
    userId: 'alice',
    orgId: 'engineering',
    teamIds: ['platform'],
    actor: 'user:alice',
    actionType: 'tool_invocation',
    actionDetail: { tool: 'email_send' },
    outcome: 'success',
    ...fields,
  };
}

/** Time that stands still until it is told to go on. */
export class ManualClock extends Clock {
  private time = Date.now();
  private readonly start = this.time;
  private timers: { at: number; work: () => void }[] = [];

  now(): number {
    return this.time;
  }

  elapsed(): number {
    return this.time - this.start;
  }

  after(milliseconds: number, work: () => void): () => void {
    const timer = { at: this.time + milliseconds, work };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((other) => other !== timer));
  }

  advance(milliseconds: number): void {
    this.time += milliseconds;
    const due = this.timers.filter((timer) => timer.at <= this.time);
    this.timers = this.timers.filter((timer) => timer.at > this.time);
    for (const timer of due) timer.work();
  }
}

/** Counts what is reported. */
export class CountingMetrics extends AuditMetrics {
  entries = 0;
  readonly failures: Record<string, number> = {};
  readonly missingOf: Record<string, number> = {};
  depth: () => number = () => 0;

  appended(entries: number): void {
    this.entries += entries;
  }

  failed(entries: number, code: string): void {
    this.failures[code] = (this.failures[code] ?? 0) + entries;
  }

  missing(tenantId: string, entries: number): void {
    this.missingOf[tenantId] = entries;
  }

  watchQueue(depth: () => number): () => void {
    this.depth = depth;
    return () => undefined;
  }
}

/** Passes everything on to PostgreSQL and counts the statements. */
export class CountingSink extends AuditSink {
  statements = 0;

  constructor(readonly inner: AuditSink) {
    super();
  }

  append(writer: string, shares: readonly Share[], rows: Parameters<AuditSink['append']>[2], mayRepeat: boolean) {
    this.statements++;
    return this.inner.append(writer, shares, rows, mayRepeat);
  }

  ensurePartitions(monthsAhead: number) {
    return this.inner.ensurePartitions(monthsAhead);
  }

  close(writer: string) {
    return this.inner.close(writer);
  }

  end() {
    return this.inner.end();
  }
}

export interface OpenLog {
  readonly log: AuditLog;
  readonly sink: CountingSink;
  readonly metrics: CountingMetrics;
}

export function openLog(
  url: string,
  clock: Clock,
  options: { queueLimit?: number; batchLimit?: number; timeoutMs?: number; name?: string } = {},
): OpenLog {
  const timeoutMs = options.timeoutMs ?? 5_000;
  const metrics = new CountingMetrics();
  const sink = new CountingSink(new PostgresSink({ url, name: options.name ?? 'audit-test', timeoutMs }));
  const log = new AuditLog(sink, clock, new UlidSource(clock), metrics, {
    replicaId: 'replica',
    queueLimit: options.queueLimit ?? 20_000,
    batchLimit: options.batchLimit ?? 1_000,
    timeoutMs,
    partitionsAhead: 1,
  });
  return { log, sink, metrics };
}

export async function openDatabase(server: TestDatabase): Promise<Database> {
  const source = createDataSource({ url: server.appUrl, poolSize: 4, statementTimeoutMs: 15_000, name: 'test' });
  await source.initialize();
  return new Database(source);
}

/** A connection of its own, as the superuser: sees what is really there. */
export async function admin<T>(server: TestDatabase, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(server.adminUrl);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export interface Stored {
  readonly id: string;
  readonly writer: string;
  readonly seq: number;
  readonly detail: unknown;
}

/** Everything in a tenant's log, in the order of writers and numbers. */
export async function stored(server: TestDatabase, tenantId: string): Promise<Stored[]> {
  const sql = `SELECT id, writer, writer_seq::int AS seq, action_detail AS detail FROM audit_entries
    WHERE tenant_id = $1 ORDER BY writer, writer_seq`;
  return admin(server, async (client) => (await client.query<Stored>(sql, [tenantId])).rows);
}

/** Numbers of each writer that are not 1, 2, 3 and so on, each once. */
export function broken(entries: readonly Stored[]): string[] {
  const seen = new Map<string, number>();
  return entries.flatMap(({ writer, seq }) => {
    const expected = (seen.get(writer) ?? 0) + 1;
    seen.set(writer, seq);
    return seq === expected ? [] : [`${writer}: ${seq} where ${expected} was due`];
  });
}

/** Keeps the audit log from being written until the answer is called. */
export async function holdWrites(server: TestDatabase): Promise<() => Promise<void>> {
  const client = new pg.Client(server.adminUrl);
  await client.connect();
  await client.query('BEGIN; LOCK TABLE audit_writers IN ACCESS EXCLUSIVE MODE');
  return async () => {
    await client.query('COMMIT');
    await client.end();
  };
}

/** Resolves once the condition holds, asking again and again. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((turn) => setTimeout(turn, 5));
}

/** Stands between the log and PostgreSQL and can break what passes. */
export class Proxy {
  /** How many of the next answers are lost: the server did the work, the connection is cut before the client hears. */
  loseAnswers = 0;
  /** How many of the next statements are lost on their way to the server. */
  loseStatements = 0;
  refusing = false;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async before(target: string): Promise<Proxy> {
    const upstream = new URL(target);
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const url = new URL(target);
    url.port = String((server.address() as { port: number }).port);
    const proxy = new Proxy(server, url.href);
    server.on('connection', (client) => proxy.join(client, upstream));
    return proxy;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((closed) => this.server.close(closed));
  }

  /** Ends every connection. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private join(client: Socket, upstream: URL): void {
    if (this.refusing) return void client.destroy();
    const server = connect(Number(upstream.port), upstream.hostname);
    let appending = false;
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (data) => {
      if (data.includes('audit_append')) {
        appending = true;
        if (this.loseStatements > 0) {
          this.loseStatements--;
          return void client.destroy();
        }
      }
      server.write(data);
    });
    server.on('data', (data) => {
      if (appending && this.loseAnswers > 0) {
        this.loseAnswers--;
        return void client.destroy();
      }
      appending = false;
      client.write(data);
    });
  }
}
