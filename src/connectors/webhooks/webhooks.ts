import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database } from '#libs/database';
import { Problem } from '#libs/http';
import { type Job, Jobs } from '#libs/jobs';
import { RateLimits } from '#libs/redis';
import { SealError, Sealing } from '#libs/sealing';
import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import * as sql from '../connectors.sql.ts';
import { webhookPlace } from '../pipeline/authorisations.ts';
import { verify } from './signatures.ts';

const HASTEN_QUEUE = 'connector.webhook';
/** Deliveries for one connector inside this time become one sync. */
const TOGETHER_SECONDS = 2;
/** The people whom a shared connector serves are synced within this time. */
const SPREAD_SECONDS = 30;
/** A vendor's address reports for many connectors. */
const CONNECTORS_OF_ADDRESS = 10;

interface HastenJob {
  readonly tenantId: string;
  readonly connectorId: string;
}

/** Takes what vendors report. The report itself is not believed: it only hastens the next sync. */
@Injectable()
export class Webhooks implements OnApplicationBootstrap {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly sealing: Sealing,
    private readonly limits: RateLimits,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.work<HastenJob>(HASTEN_QUEUE, (job) => this.hasten(job), { once: 'queued' });
  }

  /**
   * @returns whether it is new; a copy has no second effect
   * @throws Problem `not_found`, `invalid_token`, `rate_limited`
   */
  async receive(
    connectorId: string,
    address: string,
    headers: IncomingHttpHeaders,
    body: Uint8Array,
    token?: string,
  ): Promise<{ accepted: true }> {
    await this.limit(connectorId, address);
    const [row]: sql.ConnectorRow[] = await this.database.system((tx) => tx.query(sql.FIND_CONNECTOR, [connectorId]));
    if (!row) throw new Problem('not_found', 'There is nothing here.');
    const delivery = verify(row.type, this.secretOf(row), headers, body, token);
    if (!delivery) throw new Problem('invalid_token', 'The signature of this delivery is missing or wrong.');
    const { tenant_id: tenantId, id } = row;
    const sent = await this.database.tenant(tenantId, async (tx) => {
      const fresh: unknown[] = await tx.query(sql.KEEP_DELIVERY, [tenantId, id, delivery.id]);
      if (fresh.length === 0 || !delivery.changes) return false;
      const data: HastenJob = { tenantId, connectorId: id };
      await this.jobs.send(tx, HASTEN_QUEUE, data, {
        singletonKey: `${tenantId}/${id}`,
        ...(row.user_id === null ? { startAfter: TOGETHER_SECONDS } : {}),
      });
      return true;
    });
    if (sent) this.jobs.notify(HASTEN_QUEUE);
    return { accepted: true };
  }

  /** Before the database is asked: whoever is at the other end has no name yet. */
  private async limit(connectorId: string, address: string): Promise<void> {
    const perMinute = this.settings.RATE_LIMIT_WEBHOOKS;
    const ofAddress = await this.limits.take('webhook_addresses', address, perMinute * CONNECTORS_OF_ADDRESS);
    const taken = ofAddress.ok ? await this.limits.take('webhooks', `${connectorId}/${address}`, perMinute) : ofAddress;
    if (taken.ok) return;
    throw new Problem('rate_limited', `Too many deliveries; try again in ${taken.retryAfterSeconds} s.`, {
      retryAfter: taken.retryAfterSeconds,
    });
  }

  private async hasten({ data }: Job<HastenJob>): Promise<void> {
    await this.database.tenant(data.tenantId, async (tx) => {
      const [row]: sql.ConnectorRow[] = await tx.query(sql.FIND_CONNECTOR, [data.connectorId]);
      if (row) await tx.query(sql.HASTEN, [row.id, row.user_id === null ? SPREAD_SECONDS : 0]);
    });
  }

  private secretOf(row: sql.ConnectorRow): string {
    try {
      return this.sealing.open(row.webhook_secret, webhookPlace(row));
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      throw new Problem('invalid_token', 'The signature of this delivery cannot be checked.');
    }
  }
}
