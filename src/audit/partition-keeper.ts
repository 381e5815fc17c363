import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { Clock } from '#libs/clock';
import { AuditSink } from './sink.ts';

export const PARTITIONS_AHEAD = Symbol('audit partitions ahead');

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 300_000;

/**
 * Keeps monthly partitions made in advance: at the start and every night. Any number of replicas may do so at once. A
 * failure is logged and tried again; the log goes on meanwhile, as there are partitions for months.
 */
@Injectable()
export class PartitionKeeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('audit');
  private cancelRetry: (() => void) | undefined;
  private stopped = false;

  constructor(
    @Inject(AuditSink) private readonly sink: AuditSink,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(PARTITIONS_AHEAD) private readonly monthsAhead: number,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.ensure();
  }

  @Cron('17 3 * * *', { name: 'audit-partitions', timeZone: 'UTC' })
  async nightly(): Promise<void> {
    await this.ensure();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    this.cancelRetry?.();
  }

  /** Never rejects. */
  private async ensure(retryMs = FIRST_RETRY_MS): Promise<void> {
    this.cancelRetry?.();
    try {
      const made = await this.sink.ensurePartitions(this.monthsAhead);
      if (made.length > 0) this.log.log({ partitions: made }, 'audit partitions made');
    } catch (error) {
      if (this.stopped) return;
      this.log.error({ err: error, retryMs }, 'audit partitions could not be made');
      this.cancelRetry = this.clock.after(retryMs, () => void this.ensure(Math.min(retryMs * 2, LONGEST_RETRY_MS)));
    }
  }
}
