import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { Notices } from '#libs/redis';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import * as sql from '../briefing.sql.ts';
import { type ChainLink, seniorityFor } from '../rules/index.ts';

const KEPT_MS = 60_000;

/** Who stands where above whom, a minute old at most: five hundred briefings at once read the directory once. */
@Injectable()
export class DirectoryChain implements OnModuleDestroy {
  private readonly kept = new Map<string, { readonly at: number; readonly links: Promise<readonly ChainLink[]> }>();
  private readonly endSubscription: () => void;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    notices: Notices,
  ) {
    this.endSubscription = notices.subscribe('directory.changed', ({ tenantId }) => this.kept.delete(tenantId));
  }

  /** Points of askers, 0–15, as one person sees them. */
  async seniorityFor(tenantId: string, userId: string): Promise<(email: string) => number> {
    return seniorityFor(userId, await this.linksOf(tenantId));
  }

  onModuleDestroy(): void {
    this.endSubscription();
  }

  private linksOf(tenantId: string): Promise<readonly ChainLink[]> {
    const found = this.kept.get(tenantId);
    if (found && this.clock.elapsed() - found.at < KEPT_MS) return found.links;
    const links = this.database.tenant(tenantId, (tx) => tx.query<ChainLink[]>(sql.CHAIN));
    this.kept.set(tenantId, { at: this.clock.elapsed(), links });
    links.catch(() => this.kept.delete(tenantId));
    return links;
  }
}
