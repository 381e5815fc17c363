import { type DirectoryPerson, People } from '#identity';
import { asCaller, type Principal } from '#libs/access';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database, type Transaction } from '#libs/database';
import { Problem } from '#libs/http';
import { DataRules, type Labels } from '#policy';
import { Inject, Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { ConnectedWork, type ConnectorStatus, type OnBehalfOf } from '../connected-work.ts';
import * as sql from '../connectors.sql.ts';
import { errandOf } from '../errand.ts';
import { Operations } from '../pipeline/operations.ts';
import type { ConnectorType, WorkItem } from '../work-item.ts';
import { Syncs } from './syncs.ts';

/** How often one looks whether a sync of somebody else has ended, in milliseconds. */
const BUSY_LOOK_MS = 200;

/** {@link ConnectedWork}, from what the syncs have stored. */
@Injectable()
export class StoredWork extends ConnectedWork {
  constructor(
    private readonly database: Database,
    private readonly people: People,
    private readonly rules: DataRules,
    private readonly syncs: Syncs,
    private readonly operations: Operations,
    private readonly clock: Clock,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {
    super();
  }

  override async itemsOf(tenantId: string, userId: string): Promise<WorkItem[]> {
    const person = await this.people.find(tenantId, userId);
    if (!person) return [];
    const { label } = await this.rules.for(person);
    return this.database.tenant(tenantId, (tx) => this.itemsWithin(tx, userId, label));
  }

  override async itemsWithin(tx: Transaction, userId: string, label: Labels): Promise<WorkItem[]> {
    const rows: sql.ItemRow[] = await tx.query(sql.ITEMS_OF_PERSON, [userId]);
    return rows.map(({ item }) => ({ ...item, classification: label(item.system, item.kind, item.classification) }));
  }

  override async statusOf(tenantId: string, userId: string): Promise<ConnectorStatus[]> {
    return (await this.standing(tenantId, userId)).map(statusFrom);
  }

  override async refresh(
    tenantId: string,
    userId: string,
    { deadlineMs, systems }: { readonly deadlineMs: number; readonly systems?: readonly ConnectorType[] },
  ): Promise<ConnectorStatus[]> {
    const before = await this.standing(tenantId, userId);
    const stale = before.filter((row) => (!systems || systems.includes(row.type)) && this.isStale(row));
    if (stale.length === 0 || deadlineMs <= 0) return before.map(statusFrom);
    let late: () => void = () => undefined;
    const deadline = new Promise<void>((resolve) => (late = this.clock.after(deadlineMs, resolve)));
    // What is late goes on behind the caller's back.
    const unanswered = new Set(stale.map(({ type }) => type));
    let isLate = false;
    const sync = (row: sql.StatusRow) =>
      this.syncOrWait(tenantId, userId, row, () => isLate).finally(() => unanswered.delete(row.type));
    await Promise.race([Promise.allSettled(stale.map(sync)), deadline]);
    isLate = true;
    late();
    const reason = `It did not answer within ${deadlineMs / 1000} s`;
    return (await this.statusOf(tenantId, userId)).map((status) =>
      unanswered.has(status.connector) && status.state === 'ok' ? { ...status, state: 'partial', reason } : status,
    );
  }

  override async read(who: OnBehalfOf, type: ConnectorType, resource: string, query: unknown, requestId: string) {
    const errand = systemErrand(await this.person(who), requestId);
    const row = await this.serving(errand.person, type);
    return (await this.operations.read(errand, row, resource, query)).result;
  }

  override async write(
    who: Principal | OnBehalfOf,
    type: ConnectorType,
    action: string,
    input: unknown,
    requestId = `write-${ulid()}`,
    repeatKey?: string,
    approval?: string,
  ): Promise<unknown> {
    const asked =
      'kind' in who
        ? await errandOf(this.people, who, undefined, requestId)
        : systemErrand(await this.person(who), requestId);
    const { tenantId } = asked.person;
    const repeatable = repeatKey === undefined ? undefined : { seed: `${tenantId}/${asked.actor}/${repeatKey}` };
    const errand = { ...asked, repeatable, approval };
    const row = await this.serving(asked.person, type);
    return (await this.operations.write(errand, row, action, input)).result;
  }

  private async serving({ tenantId, id }: DirectoryPerson, type: ConnectorType): Promise<sql.ConnectorRow> {
    const [row]: sql.ConnectorRow[] = await this.database.tenant(tenantId, (tx) =>
      tx.query(sql.CONNECTOR_OF_PERSON, [id, type]),
    );
    if (!row) throw new Problem('not_found', `No ${type} is connected for this person.`);
    return row;
  }

  private async person({ tenantId, userId }: OnBehalfOf): Promise<DirectoryPerson> {
    const person = await this.people.find(tenantId, userId);
    if (!person) throw new Problem('not_found', `There is no user "${userId}".`);
    return person;
  }

  private standing(tenantId: string, userId: string): Promise<sql.StatusRow[]> {
    return this.database.tenant(tenantId, (tx) => tx.query(sql.STATUS_OF_PERSON, [userId]));
  }

  /** Where the schedule or another process is at it already, what that finds is waited for. */
  private async syncOrWait(tenantId: string, userId: string, row: sql.StatusRow, isLate: () => boolean): Promise<void> {
    for (;;) {
      const result = await this.syncs.syncNow(tenantId, row.connector_id, userId);
      if (result !== 'busy' || isLate()) return;
      await new Promise<void>((resume) => this.clock.after(BUSY_LOOK_MS, resume));
      const now = (await this.standing(tenantId, userId)).find(({ connector_id: id }) => id === row.connector_id);
      if (isLate() || !now || !this.isStale(now)) return;
    }
  }

  /** One that has failed is left alone until its pause is over. */
  private isStale(row: sql.StatusRow): boolean {
    if (row.last_try === null || row.next_sync_at === null) return true;
    const now = this.clock.now();
    if (row.failures > 0) return row.next_sync_at.getTime() <= now;
    const age = row.last_sync === null ? Infinity : now - row.last_sync.getTime();
    return age >= this.settings.CONNECTOR_SYNC_INTERVAL_SECONDS * 1000;
  }
}

export function statusFrom(row: sql.StatusRow): ConnectorStatus {
  const first = row.last_try === null ? 'It has not been read yet' : 'It is being read for the first time';
  const reason = row.reason ?? (row.last_sync === null ? first : null);
  return {
    connector: row.type,
    state: row.state ?? 'partial',
    ...(reason ? { reason } : {}),
    ...(row.last_error === sql.DENIED ? { denied: true } : {}),
    lastSync: row.last_sync?.toISOString() ?? null,
  };
}

function systemErrand(person: DirectoryPerson, requestId: string) {
  return { person, principal: asCaller(person), actor: 'system', requestId };
}
