import { AuditLog } from '#audit';
import { People } from '#identity';
import { Clock } from '#libs/clock';
import type { Transaction } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { Told } from './bulletin.ts';
import type { ExchangeRow, MessageRow } from './exchange.sql.ts';
import * as sql from './exchange.sql.ts';
import { partyOf } from './party.ts';
import { turnEntry } from './records.ts';
import { type Outcome, type Party, summaryOf } from './rules/index.ts';
import { messagePart, Texts } from './texts.ts';

export interface Ending {
  readonly outcome: Exclude<Outcome, 'in_progress'>;
  readonly reason: string;
  /** Who ended it, as the audit log names them. */
  readonly actor: string;
  readonly requestId: string | null;
  readonly note?: string | undefined;
  /** Where the message that ended it is recorded by itself. */
  readonly unrecorded?: boolean;
}

/** Ends exchanges, once each: the row is locked by whoever calls, and one that has ended stays so. */
@Injectable()
export class Endings {
  constructor(
    private readonly audit: AuditLog,
    private readonly people: People,
    private readonly texts: Texts,
    private readonly clock: Clock,
  ) {}

  /** Within the transaction that holds the row. @returns what both people are to be told, which is the caller's to append */
  async end(tx: Transaction, row: ExchangeRow, ending: Ending): Promise<Told[]> {
    const { tenant_id: tenantId, id } = row;
    const [asker, responder] = await this.parties(row);
    const place = { tenantId, exchangeId: id };
    const summary =
      ending.outcome === 'escalated' ? await this.summary(tx, row, asker, responder, ending.reason) : null;
    await tx.query(sql.DROP_HELD, [id]);
    await tx.query(sql.END_EXCHANGE, [
      id,
      ending.outcome,
      ending.reason.slice(0, 2_000),
      ending.actor,
      summary === null ? null : this.texts.sealText(summary, { ...place, part: 'summary' }),
      ending.note === undefined ? null : this.texts.sealText(ending.note, { ...place, part: 'note' }),
      new Date(this.clock.now()),
    ]);
    const turn = {
      operation: 'exchange.ended',
      exchangeId: id,
      conversationId: row.conversation_id,
      exchangeType: row.exchange_type,
      outcome: ending.outcome,
      reason: ending.reason,
      rounds: row.rounds,
      classification: row.classification,
      actor: ending.actor,
      requestId: ending.requestId,
    } as const;
    if (!ending.unrecorded) {
      await this.audit.appendWithin(tx, turnEntry(asker, { ...turn, with: responder.userId }));
      await this.audit.appendWithin(tx, turnEntry(responder, { ...turn, with: asker.userId }));
    }
    const payload = {
      kind: 'outcome',
      exchangeId: id,
      conversationId: row.conversation_id,
      outcome: ending.outcome,
      reason: ending.reason,
      ...(summary === null ? {} : { summary }),
      ...(ending.note === undefined ? {} : { note: ending.note }),
    } as const;
    return [asker, responder].map(({ userId }) => ({ userId, payload }));
  }

  /** Asker and responder. Somebody who has left is still named. */
  async parties(row: ExchangeRow): Promise<[asker: Party, responder: Party]> {
    const party = async (userId: string): Promise<Party> => {
      const person = await this.people.find(row.tenant_id, userId);
      return person ? partyOf(person) : { userId, name: userId, tenantId: row.tenant_id, orgId: '', teamIds: [] };
    };
    return [await party(row.asker_id), await party(row.responder_id)];
  }

  private async summary(tx: Transaction, row: ExchangeRow, asker: Party, responder: Party, reason: string) {
    const rows: MessageRow[] = await tx.query(sql.MESSAGES, [row.id]);
    const messages = rows.flatMap(({ round, sender_id: from, state, body, classification, withheld }) => {
      if (state !== 'delivered') return [];
      const place = { tenantId: row.tenant_id, exchangeId: row.id, part: messagePart(round, from) };
      return [{ round, from, text: this.texts.open(body, place)?.text ?? '', classification, withheld }];
    });
    return summaryOf({ type: row.exchange_type, asker, responder, maxRounds: row.max_rounds, reason, messages });
  }
}
