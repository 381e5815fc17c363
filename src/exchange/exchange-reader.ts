import { peopleOf, type Principal } from '#libs/access';
import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { ExchangeList } from './exchange.schema.ts';
import type { ExchangeRow, MessageRow } from './exchange.sql.ts';
import * as sql from './exchange.sql.ts';
import { noSuchExchange } from './settlement.ts';
import { messagePart, Texts } from './texts.ts';

/** Shows exchanges to the two people whose they are, and to assistants that may act for one of them. */
@Injectable()
export class ExchangeReader {
  constructor(
    private readonly database: Database,
    private readonly texts: Texts,
  ) {}

  /** Newest first, without what was said. */
  async list(caller: Principal, { outcome, limit, cursor }: ExchangeList) {
    const rows: ExchangeRow[] = await this.database.tenant(caller.tenantId, (tx) =>
      tx.query(sql.LIST_EXCHANGES, [peopleOf(caller), outcome ?? null, cursor ?? null, limit + 1]),
    );
    const items = rows.slice(0, limit).map(viewOf);
    return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null };
  }

  /** @throws Problem `not_found`, also for what is somebody else's */
  async get(caller: Principal, id: string) {
    const people = peopleOf(caller);
    const [row, messages] = await this.database.tenant(caller.tenantId, async (tx) => {
      const [found]: ExchangeRow[] = await tx.query(sql.FIND_EXCHANGE, [id, people]);
      const said: MessageRow[] = found ? await tx.query(sql.MESSAGES, [id]) : [];
      return [found, said] as const;
    });
    if (!row) throw noSuchExchange(id);
    const place = { tenantId: row.tenant_id, exchangeId: row.id };
    // What has not gone over is seen on the side of whoever wrote it only.
    const seen = messages.filter(
      ({ state, sender_id }) => state === 'delivered' || (people?.includes(sender_id) ?? true),
    );
    return {
      ...viewOf(row),
      summary: this.texts.openText(row.summary, { ...place, part: 'summary' }),
      note: this.texts.openText(row.note, { ...place, part: 'note' }),
      messages: seen.map((message) => ({
        round: message.round,
        from: message.sender_id,
        state: message.state,
        sentAt: message.sent_at.toISOString(),
        classification: message.classification,
        envelope: message.envelope,
        message: this.texts.open(message.body, { ...place, part: messagePart(message.round, message.sender_id) }),
        shared: message.shared,
        withheld: message.withheld,
      })),
    };
  }
}

function viewOf(row: ExchangeRow) {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    exchangeType: row.exchange_type,
    askerId: row.asker_id,
    responderId: row.responder_id,
    outcome: row.outcome,
    reason: row.reason,
    round: row.rounds,
    maxRounds: row.max_rounds,
    classification: row.classification,
    waitingFor: row.waiting.map(({ userId }) => userId),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    endedBy: row.ended_by,
  };
}
