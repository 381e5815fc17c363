import { AuditLog } from '#audit';
import { adminEntry } from '#identity';
import { mayActFor, type Principal } from '#libs/access';
import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { Problem } from '#libs/http';
import { SealError } from '#libs/sealing';
import { Injectable } from '@nestjs/common';
import * as sql from './auto-response.sql.ts';
import type { Activity } from './intake/messages.schema.ts';
import { type MessageView, toView } from './message-view.ts';
import { OwnPerson } from './own-person.ts';
import type { MessageClass } from './rules/index.ts';
import { Sealed } from './sealed.ts';

/** For the briefing. */
export interface AutoResponseSummary {
  readonly sent: number;
  /** Drafts that wait for the person now. */
  readonly drafted: number;
  readonly surfaced: number;
  /** Drafts about which nobody has decided in time. */
  readonly expired: number;
}

/** What became of messages, and what people say of it. */
@Injectable()
export class AutoResponses {
  constructor(
    private readonly database: Database,
    private readonly own: OwnPerson,
    private readonly sealed: Sealed,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** A message of the caller, or of somebody for whom the caller acts. @throws Problem `not_found` */
  async find(caller: Principal, id: string): Promise<MessageView> {
    const [row]: sql.MessageRow[] = await this.database.tenant(caller.tenantId, (tx) =>
      tx.query(sql.FIND_MESSAGE, [id]),
    );
    const isTheirs =
      row !== undefined &&
      (caller.kind === 'person' ? row.user_id === caller.person.id : mayActFor(caller, row.user_id));
    if (!isTheirs) throw noSuchMessage(id);
    return this.view(row);
  }

  /** Newest first. */
  async list(caller: Principal, { limit, cursor, state }: Activity) {
    const person = await this.own.of(caller);
    const rows: sql.MessageRow[] = await this.database.tenant(person.tenantId, (tx) =>
      tx.query(sql.LIST_MESSAGES, [person.id, cursor ?? null, limit + 1, state ?? null]),
    );
    const items = rows.slice(0, limit).map((row) => this.view(row));
    return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null };
  }

  /** @throws Problem `not_found`; `conflict` while it has not been classified */
  async correct(caller: Principal, id: string, wanted: MessageClass, requestId: string): Promise<MessageView> {
    const person = await this.own.of(caller);
    return this.database.tenant(person.tenantId, async (tx) => {
      const [row]: sql.MessageRow[] = await tx.query(sql.LOCK_MESSAGE, [id]);
      if (row?.user_id !== person.id) throw noSuchMessage(id);
      if (row.features === null || row.class === null)
        throw new Problem('conflict', 'It has not been classified yet; there is nothing to correct.');
      const features = JSON.stringify(row.features);
      const now = new Date(this.clock.now());
      await tx.query(sql.PUT_CORRECTION, [person.tenantId, person.id, id, wanted, features, now]);
      const detail = { messageId: id, from: row.class, to: wanted };
      await this.audit.appendWithin(tx, adminEntry(caller, requestId, 'message.correct', detail));
      return this.view({ ...row, correction: wanted });
    });
  }

  /** @throws Problem `not_found` */
  async forget(caller: Principal, id: string, requestId: string): Promise<void> {
    const person = await this.own.of(caller);
    await this.database.tenant(person.tenantId, async (tx) => {
      const [, deleted]: [unknown[], number] = await tx.query(sql.DELETE_CORRECTION, [person.id, id]);
      if (deleted === 0) throw new Problem('not_found', `You have corrected no message "${id}".`);
      await this.audit.appendWithin(tx, adminEntry(caller, requestId, 'message.uncorrect', { messageId: id }));
    });
  }

  /** What has happened since then, and what waits. @param since ISO 8601 */
  async summary(tenantId: string, userId: string, since: string): Promise<AutoResponseSummary> {
    const [row]: AutoResponseSummary[] = await this.database.tenant(tenantId, (tx) =>
      tx.query(sql.SUMMARY, [userId, since]),
    );
    return row!;
  }

  private view(row: sql.MessageRow): MessageView {
    try {
      return toView(row, this.sealed.reply(row));
    } catch (error) {
      // A reply whose key has been taken away is gone; what became of the message is still known.
      if (error instanceof SealError) return toView(row, null);
      throw error;
    }
  }
}

function noSuchMessage(id: string): Problem {
  return new Problem('not_found', `There is no message "${id}".`);
}
