import type { Pool } from 'pg';
import { Histogram, register } from 'prom-client';
import { type DataSource, type EntityManager, type QueryRunner } from 'typeorm';

/** One transaction: repositories and `query(sql, parameters)`. Ends with the function it was handed to. */
export type Transaction = EntityManager;

/** The role with which all work on data is done, whatever role the connection signed in with. */
export const APP_ROLE = 'openclaw_app';

/** With what TypeORM begins a transaction. */
const BEGIN = 'START TRANSACTION';

const DURATION = 'db_query_duration_seconds';

const TENANT_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * The one door to the database. Every table with a tenant's rows has row-level security keyed by a setting that lives
 * as long as the transaction, so a query outside these two functions sees nothing. Nothing here needs a session: it
 * works through PgBouncer in transaction mode.
 */
export class Database {
  private readonly durations =
    (register.getSingleMetric(DURATION) as Histogram | undefined) ??
    new Histogram({
      name: DURATION,
      help: 'Time of a statement in a transaction, its way to the database included; the audit writer has its own.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    });

  constructor(readonly source: DataSource) {}

  /** Runs `work` in a transaction that sees and writes this tenant's rows only. */
  async tenant<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (!TENANT_ID.test(tenantId)) throw new Error(`Not a tenant id: ${JSON.stringify(tenantId)}`);
    return this.transaction(tenantId, work);
  }

  /** Runs `work` across tenants: looking up who a token belongs to, building bundles, housekeeping. */
  async system<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.transaction('*', work);
  }

  /** Resolves when the database answers. */
  async ping(): Promise<void> {
    await this.source.query('SELECT 1');
  }

  /** Connections of the pool: in use, idle, and callers waiting for one. */
  poolState(): { used: number; idle: number; waiting: number } {
    const pool = (this.source.driver as unknown as { master: Pool }).master;
    return { used: pool.totalCount - pool.idleCount, idle: pool.idleCount, waiting: pool.waitingCount };
  }

  /**
   * Each statement of the transaction is measured. The one that begins it carries both settings, which end with it: a round trip
   * less in every transaction.
   */
  private prepare(runner: QueryRunner, tenant: string): void {
    const query = runner.query.bind(runner) as (text: string, ...given: unknown[]) => Promise<never>;
    const begin = `${BEGIN}; SET LOCAL ROLE ${APP_ROLE}; SET LOCAL openclaw.tenant = '${tenant}'`;
    runner.query = async (text: string, ...given: unknown[]) => {
      const done = this.durations.startTimer();
      try {
        return await query(text === BEGIN ? begin : text, ...given);
      } finally {
        done();
      }
    };
  }

  private async transaction<T>(tenant: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const runner = this.source.createQueryRunner();
    this.prepare(runner, tenant);
    try {
      await runner.connect();
      await runner.startTransaction();
      const result = await work(runner.manager);
      await runner.commitTransaction();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release().catch(() => undefined);
    }
  }
}
