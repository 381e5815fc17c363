import { Database } from '#libs/database';
import { SealError, Sealing } from '#libs/sealing';
import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import * as sql from '../connectors.sql.ts';
import { credentialsPlace, webhookPlace } from './authorisations.ts';

const LOOK_MS = 60_000;
const AT_ONCE = 100;

/** Seals with the newest key what an older one has sealed, so that a replaced key can be dropped. Every process may look. */
@Injectable()
export class Resealing {
  private readonly log = new Logger('connectors');
  private running = false;
  private last = '';

  constructor(
    private readonly database: Database,
    private readonly sealing: Sealing,
  ) {}

  @Interval(LOOK_MS)
  async look(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      const { resealed, stuck } = await this.resealAll();
      const said = `${resealed} connectors were sealed with the newest key; ${stuck} cannot be opened: their key is missing`;
      // What stays as it is need not be said every minute.
      if ((resealed > 0 || stuck > 0) && said !== this.last) this.log.warn(said);
      this.last = said;
    } catch (error) {
      this.log.warn(`nothing could be sealed anew: ${(error as Error).message}`);
    } finally {
      this.running = false;
    }
  }

  /** @returns how many connectors it has sealed anew, and how many cannot be opened */
  async resealAll(): Promise<{ resealed: number; stuck: number }> {
    const count = { resealed: 0, stuck: 0 };
    for (let after = ''; ;) {
      const rows: sql.ConnectorRow[] = await this.database.system((tx) =>
        tx.query(sql.SEALED_BEFORE, [after, this.sealing.keyId, AT_ONCE]),
      );
      for (const row of rows) count[(await this.reseal(row)) ? 'resealed' : 'stuck']++;
      const last = rows.at(-1);
      if (!last || rows.length < AT_ONCE) return count;
      after = last.id;
    }
  }

  private async reseal(row: sql.ConnectorRow): Promise<boolean> {
    const anew = (text: string, place: string) => this.sealing.seal(this.sealing.open(text, place), place);
    try {
      const credentials = anew(row.credentials, credentialsPlace(row));
      const secret = anew(row.webhook_secret, webhookPlace(row));
      await this.database.tenant(row.tenant_id, (tx) =>
        tx.query(sql.RESEAL, [row.id, row.credentials, row.webhook_secret, credentials, secret]),
      );
      return true;
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      return false;
    }
  }
}
