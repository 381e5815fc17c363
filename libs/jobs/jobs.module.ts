import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { type BeforeApplicationShutdown, Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Jobs } from './jobs.ts';

/** The jobs of this process. It stops taking them before the server closes, and gives its connections back last. */
@Global()
@Module({
  providers: [
    {
      provide: Jobs,
      inject: [SETTINGS_TOKEN],
      useFactory: (settings: Settings) =>
        new Jobs({
          url: settings.DATABASE_URL,
          name: `openclaw-jobs-${settings.OPENCLAW_REPLICA_ID}`,
          poolSize: settings.JOBS_POOL_SIZE,
          pollMs: settings.JOBS_POLL_MS,
          graceMs: settings.SHUTDOWN_GRACE_MS,
        }).start(),
    },
  ],
  exports: [Jobs],
})
export class JobsModule implements BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(@Inject(Jobs) private readonly jobs: Jobs) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.jobs.drain();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.jobs.stop();
  }
}
