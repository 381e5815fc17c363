import { People } from '#identity';
import { Clock, Rounds } from '#libs/clock';
import { Database } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { REMIND_BEFORE_MS } from './approval.ts';
import * as sql from './approvals.sql.ts';
import { pendingPayload, Settlements } from './settlements.ts';

/** What is over is looked for so often, in milliseconds. */
const TICK_MS = 5_000;
const AT_ONCE = 200;

/**
 * Ends what nobody has decided in time, and reminds once before. Both are worked out from the table: any number of processes
 * may look at the same time, and one that was down goes on where the table stands.
 */
@Injectable()
export class Deadlines implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('approvals');
  private readonly rounds = new Rounds();

  constructor(
    private readonly database: Database,
    private readonly settlements: Settlements,
    private readonly events: PersonEvents,
    private readonly people: People,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.begin();
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.end();
  }

  @Interval(TICK_MS)
  async tick(): Promise<void> {
    await this.rounds.run(async () => {
      try {
        await this.expireOverdue();
        while ((await this.remind()) === AT_ONCE);
      } catch (error) {
        this.log.warn(`approvals could not be looked through: ${(error as Error).message}`);
      }
    });
  }

  /** Each in a transaction of its own: one whose owner fails stays for the next tick and holds up no others. */
  private async expireOverdue(): Promise<void> {
    const now = new Date(this.clock.now());
    let page: Overdue[];
    let after: Overdue = { tenant_id: '', user_id: '', id: '', expires_at: '-infinity' };
    do {
      const values = [now, after.expires_at, after.id, AT_ONCE];
      page = await this.database.system((tx) => tx.query(sql.OVERDUE, values));
      for (const overdue of page) await this.expire(overdue, now);
      after = page.at(-1) ?? after;
    } while (page.length === AT_ONCE);
  }

  private async expire({ tenant_id: tenantId, user_id: userId, id }: Overdue, now: Date): Promise<void> {
    try {
      const person = await this.people.find(tenantId, userId);
      const by = { actor: 'system', person, requestId: null };
      await this.settlements.settle(
        tenantId,
        async (tx) => {
          const [row]: sql.ApprovalRow[] = await tx.query(sql.EXPIRE, [id, now]);
          return row && sql.toApproval(row);
        },
        by,
      );
    } catch (error) {
      this.log.warn({ tenantId, approvalId: id }, `an approval could not be ended: ${(error as Error).message}`);
    }
  }

  /** @returns how many were reminded of */
  private async remind(): Promise<number> {
    const now = this.clock.now();
    const values = [new Date(now), new Date(now + REMIND_BEFORE_MS), AT_ONCE];
    const reminded = await this.database.system(async (tx) => {
      const rows: sql.ApprovalRow[] = await tx.query(sql.TAKE_REMINDERS, values);
      const approvals = rows.map(sql.toApproval);
      for (const approval of approvals) {
        const { tenantId, userId } = approval;
        const payload = pendingPayload(approval, true);
        await this.events.append(tx, { tenantId, userId, event: 'approval.pending', payload });
      }
      return approvals;
    });
    for (const { tenantId, userId } of reminded) this.events.announce(tenantId, userId);
    return reminded.length;
  }
}

interface Overdue {
  readonly tenant_id: string;
  readonly id: string;
  readonly user_id: string;
  /** As PostgreSQL writes it, whole to the microsecond. */
  readonly expires_at: string;
}
