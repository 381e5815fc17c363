import pg from 'pg';
import type { Row } from './encode.ts';

/** How many entries follow for a tenant, and up to which number the writer knows them stored. */
export interface Share {
  readonly tenantId: string;
  readonly floor: number;
  readonly n: number;
}

/**
 * What is known about a batch that was not answered with success.
 * - `refused`: PostgreSQL does not take these entries; others may be fine
 * - `no_partition`: no table for that month
 * - `rolled_back`: nothing was stored; the same may succeed later
 * - `unknown`: the answer is lost; it may be stored, now or in a moment
 */
export type Failure = 'refused' | 'no_partition' | 'rolled_back' | 'unknown';

export class SinkError extends Error {
  constructor(
    readonly failure: Failure,
    override readonly cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause));
    this.name = 'SinkError';
  }
}

/** Where batches go. */
export abstract class AuditSink {
  /**
   * Stores all rows or none, in order.
   * @param mayRepeat some may be stored already, and are then left as they are
   * @returns the last number of each tenant
   * @throws SinkError
   */
  abstract append(
    writer: string,
    shares: readonly Share[],
    rows: readonly Row[],
    mayRepeat: boolean,
  ): Promise<ReadonlyMap<string, number>>;
  abstract ensurePartitions(monthsAhead: number): Promise<readonly string[]>;
  /** States that the present numbers of this writer are its last. */
  abstract close(writer: string): Promise<void>;
  /** Gives the connections back. */
  abstract end(): Promise<void>;
}

const APPEND = 'SELECT tenant, last FROM audit_append($1, $2, $3, $4)';

export interface PostgresSinkOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  /** A statement without an answer after this is given up; its outcome is then unknown. */
  readonly timeoutMs: number;
}

/**
 * Two connections of its own, so that queries cannot keep entries waiting. One statement a batch, each a transaction
 * by itself; nothing is kept in the session, so PgBouncer in transaction mode is fine.
 */
export class PostgresSink extends AuditSink {
  private readonly pool: pg.Pool;

  constructor(private readonly options: PostgresSinkOptions) {
    super();
    this.pool = new pg.Pool({
      connectionString: options.url,
      application_name: options.name,
      max: 2,
      connectionTimeoutMillis: Math.min(options.timeoutMs, 2_000),
      idleTimeoutMillis: 0,
      keepAlive: true,
    });
    // A connection that breaks is replaced when it is needed; a statement on its way gets the error by itself. Without
    // these two listeners either would end the process.
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async append(
    writer: string,
    shares: readonly Share[],
    rows: readonly Row[],
    mayRepeat: boolean,
  ): Promise<ReadonlyMap<string, number>> {
    const tenants = shares.map(({ tenantId, floor, n }) => ({ tenant_id: tenantId, floor, n }));
    const entries = `[${rows.map((row) => row.json).join(',')}]`;
    const answer = await this.query<{ tenant: string; last: string }>(APPEND, [
      writer,
      JSON.stringify(tenants),
      entries,
      mayRepeat,
    ]);
    return new Map(answer.map(({ tenant, last }) => [tenant, Number(last)]));
  }

  async ensurePartitions(monthsAhead: number): Promise<readonly string[]> {
    const [row] = await this.query<{ made: string[] }>('SELECT audit_ensure_partitions($1) AS made', [monthsAhead]);
    return row?.made ?? [];
  }

  async close(writer: string): Promise<void> {
    await this.query('SELECT audit_close_writer($1)', [writer]);
  }

  async end(): Promise<void> {
    await this.pool.end();
  }

  private async query<R extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<R[]> {
    let client: pg.PoolClient;
    try {
      client = await this.pool.connect();
    } catch (error) {
      throw new SinkError('rolled_back', error);
    }
    try {
      // `query_timeout` is an option of each query in pg, missing from its types.
      const config = { text, values, query_timeout: this.options.timeoutMs } as pg.QueryConfig;
      const { rows } = await client.query<R>(config);
      client.release();
      return rows;
    } catch (error) {
      const failure = failureOf(error);
      client.release(failure === 'unknown');
      throw new SinkError(failure, error);
    }
  }
}

/**
 * Only an ERROR from the server says that the statement was rolled back. Whatever ends the connection (FATAL, a cut, a
 * time limit) may come after the commit.
 */
function failureOf(error: unknown): Failure {
  if (!(error instanceof pg.DatabaseError) || error.severity !== 'ERROR') return 'unknown';
  if (error.code === '23514' && /no partition of relation/.test(error.message)) return 'no_partition';
  return /^(22|23|54)/.test(error.code ?? '') ? 'refused' : 'rolled_back';
}
