import { MIGRATIONS } from '#migrations';
import { DataSource } from 'typeorm';

export interface DataSourceOptions {
  readonly url: string;
  /** Connections at most. */
  readonly poolSize: number;
  readonly statementTimeoutMs: number;
  /** Shown in pg_stat_activity. */
  readonly name: string;
}

/** A TypeORM data source that has not connected yet. Schema changes come from migrations alone. */
export function createDataSource(options: DataSourceOptions): DataSource {
  return new DataSource({
    type: 'postgres',
    url: options.url,
    poolSize: options.poolSize,
    applicationName: options.name,
    connectTimeoutMS: 5_000,
    migrations: MIGRATIONS,
    migrationsTableName: 'schema_migrations',
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
    // A pooled connection that breaks is replaced by the pool; the query that used it gets the error.
    poolErrorHandler: () => undefined,
    extra: {
      query_timeout: options.statementTimeoutMs + 1_000,
      keepAlive: true,
      idleTimeoutMillis: 30_000,
    },
  });
}
