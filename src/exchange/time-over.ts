import { Clock, Rounds } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database } from '#libs/database';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Bulletin } from './bulletin.ts';
import { Endings } from './endings.ts';
import type { ExchangeRow } from './exchange.sql.ts';
import * as sql from './exchange.sql.ts';

const LOOK_MS = 2_000;
const DROP_MS = 600_000;
const AT_ONCE = 100;
const DAY_MS = 86_400_000;

/** Ends exchanges whose time is over, and drops what was said long ago. Every replica may look; each row is done once. */
@Injectable()
export class TimeOver implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('exchange');
  private readonly rounds = new Rounds();

  constructor(
    private readonly database: Database,
    private readonly endings: Endings,
    private readonly bulletin: Bulletin,
    private readonly clock: Clock,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.begin();
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.end();
  }

  @Interval(LOOK_MS)
  async look(): Promise<void> {
    await this.rounds.run(async () => {
      try {
        await this.expireDue();
      } catch (error) {
        this.log.warn(`exchanges could not be ended: ${(error as Error).message}`);
      }
    });
  }

  /** @returns how many have been ended here */
  async expireDue(): Promise<number> {
    const due: { tenant_id: string; id: string }[] = await this.database.system((tx) =>
      tx.query(sql.DUE, [new Date(this.clock.now()), AT_ONCE]),
    );
    let ended = 0;
    for (const { tenant_id, id } of due) if (await this.expire(tenant_id, id)) ended++;
    return ended;
  }

  @Interval(DROP_MS)
  async dropTexts(): Promise<void> {
    const before = new Date(this.clock.now() - this.settings.EXCHANGE_TEXT_DAYS * DAY_MS);
    try {
      await this.database.system((tx) => tx.query(sql.DROP_TEXTS, [before, AT_ONCE]));
    } catch (error) {
      this.log.warn(`old texts could not be dropped: ${(error as Error).message}`);
    }
  }

  private async expire(tenantId: string, id: string): Promise<boolean> {
    const told = await this.database.tenant(tenantId, async (tx) => {
      const [row]: ExchangeRow[] = await tx.query(sql.LOCK_DUE, [id, new Date(this.clock.now())]);
      if (!row) return undefined;
      const reason = 'The time of this exchange is over.';
      const ended = await this.endings.end(tx, row, { outcome: 'expired', reason, actor: 'system', requestId: null });
      await this.bulletin.append(tx, tenantId, ended);
      return ended;
    });
    if (told) this.bulletin.announce(tenantId, told);
    return told !== undefined;
  }
}
