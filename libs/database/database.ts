import type { Pool } from 'pg';
import { type DataSource, type EntityManager } from 'typeorm';

/** One transaction: repositories and `query(sql, parameters)`. Ends with the function it was handed to. */
export type Transaction = EntityManager;

/** The role with which all work on data is done, whatever role the connection signed in with. */
export const APP_ROLE = 'openclaw_app';

const TENANT_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * The one door to the database. Every table with a tenant's rows has row-level security keyed by a setting that lives
 * as long as the transaction, so a query outside these two functions sees nothing. Nothing here needs a session: it
 * works through PgBouncer in transaction mode.
 */
export class Database {
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

  private async transaction<T>(tenant: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const runner = this.source.createQueryRunner();
    try {
      await runner.connect();
      await runner.startTransaction();
      // One round trip: both settings end with the transaction.
      await runner.query(`SET LOCAL ROLE ${APP_ROLE}; SET LOCAL openclaw.tenant = '${tenant}'`);
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
