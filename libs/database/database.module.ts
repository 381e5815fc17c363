import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { createDataSource } from './data-source.ts';
import { Database } from './database.ts';

/** The pool for everything but the audit writer, which has its own connections. */
@Global()
@Module({
  providers: [
    {
      provide: Database,
      inject: [SETTINGS_TOKEN],
      useFactory: async (settings: Settings) => {
        const source = createDataSource({
          url: settings.DATABASE_URL,
          poolSize: settings.DATABASE_POOL_SIZE,
          statementTimeoutMs: settings.DATABASE_STATEMENT_TIMEOUT_MS,
          name: `openclaw-${settings.OPENCLAW_REPLICA_ID}`,
        });
        await source.initialize();
        return new Database(source);
      },
    },
  ],
  exports: [Database],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(Database) private readonly database: Database) {}

  async onApplicationShutdown(): Promise<void> {
    await this.database.source.destroy();
  }
}
