import { Database } from '#libs/database';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Completeness } from './completeness.ts';

/** Looks for missing entries among the new ones of every tenant each minute, so that `audit_gaps` can raise an alert. */
@Injectable()
export class GapWatch {
  private readonly log = new Logger('audit');
  private running = false;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Completeness) private readonly completeness: Completeness,
  ) {}

  @Interval(60_000)
  async look(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      const tenants = await this.database.system((tx) =>
        tx.query<{ tenant_id: string }[]>('SELECT tenant_id FROM tenants ORDER BY tenant_id'),
      );
      for (const { tenant_id } of tenants) {
        const { gaps } = await this.completeness.check(tenant_id, { newOnly: true });
        if (gaps.length > 0) this.log.error({ tenantId: tenant_id, gaps }, 'audit entries are missing');
      }
    } catch (error) {
      this.log.warn(`could not look for missing audit entries: ${(error as Error).message}`);
    } finally {
      this.running = false;
    }
  }
}
