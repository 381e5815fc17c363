import { AuditLog } from '#audit';
import { type Principal, principalName } from '#libs/access';
import { higher } from '#libs/classification';
import { Clock } from '#libs/clock';
import { Database, type Transaction } from '#libs/database';
import { Problem } from '#libs/http';
import { Injectable } from '@nestjs/common';
import { Bulletin, type Told } from './bulletin.ts';
import { Endings } from './endings.ts';
import type { Resolve } from './exchange.schema.ts';
import type { ExchangeRow, MessageRow } from './exchange.sql.ts';
import * as sql from './exchange.sql.ts';
import { turnEntry } from './records.ts';
import { messagePart, Texts } from './texts.ts';

/** What a person has decided on a question of {@link DecisionDesk}. */
export interface Decided {
  readonly id: string;
  readonly tenantId: string;
  readonly userId: string;
  readonly exchangeId: string;
  readonly status: 'pending' | 'approved' | 'rejected' | 'expired';
  /** It was not the person's no but policy's. */
  readonly byPolicy: boolean;
}

/** What people decide upon exchanges. Each locks the row first: of several that race, the first counts. */
@Injectable()
export class Settlement {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly endings: Endings,
    private readonly bulletin: Bulletin,
    private readonly texts: Texts,
    private readonly clock: Clock,
  ) {}

  /**
   * A person ends an exchange of theirs: one that runs, or one that was escalated to them.
   * @throws Problem `not_found`, `forbidden` for assistants, `conflict` where it has ended
   */
  async resolve(caller: Principal, id: string, { outcome, note }: Resolve, requestId: string): Promise<void> {
    if (caller.kind !== 'person') throw new Problem('forbidden', 'People end exchanges; an assistant cannot.');
    const { id: userId, name } = caller.person;
    const told = await this.database.tenant(caller.tenantId, async (tx) => {
      const [row]: ExchangeRow[] = await tx.query(sql.LOCK_EXCHANGE, [id]);
      if (!row || ![row.asker_id, row.responder_id].includes(userId)) throw noSuchExchange(id);
      if (row.outcome !== 'in_progress' && row.outcome !== 'escalated') {
        const members = { outcome: row.outcome };
        throw new Problem('conflict', `This exchange is over (${row.outcome}).`, { members });
      }
      const reason = `${name} ended it.`;
      const ended = await this.endings.end(tx, row, { outcome, reason, actor: principalName(caller), requestId, note });
      await this.bulletin.append(tx, caller.tenantId, ended);
      return ended;
    });
    this.bulletin.announce(caller.tenantId, told);
  }

  /**
   * The decision of a person who was asked.
   * @throws Problem `conflict` for a yes that comes too late, because the exchange has ended; a no makes no difference then
   */
  async settled(tx: Transaction, { id, tenantId, userId, exchangeId, status, byPolicy }: Decided): Promise<void> {
    const [row]: ExchangeRow[] = await tx.query(sql.LOCK_EXCHANGE, [exchangeId]);
    const entry = row?.waiting.find(({ approvalId }) => approvalId === id);
    if (!row || !entry || row.outcome !== 'in_progress') {
      if (status !== 'approved') return;
      throw new Problem('conflict', `This exchange is over (${row?.outcome ?? 'gone'}): there is nothing to approve.`);
    }
    const by = { actor: `user:${userId}`, requestId: null };
    if (status !== 'approved') {
      const ending =
        status === 'rejected'
          ? ({ outcome: 'denied', reason: byPolicy ? NO_MORE : `${userId} has said no.` } as const)
          : ({ outcome: 'expired', reason: `${userId} has not decided in time.`, actor: 'system' } as const);
      return this.bulletin.append(tx, tenantId, await this.endings.end(tx, row, { ...by, ...ending }));
    }
    const waiting = row.waiting.filter(({ approvalId }) => approvalId !== id);
    if (waiting.some(({ round }) => round === entry.round)) {
      await this.wait(tx, { ...row, waiting });
      return;
    }
    await this.bulletin.append(tx, tenantId, await this.agreed(tx, { ...row, waiting }, entry.round, by.actor));
  }

  /** Lets the people of an exchange look at once, after the transaction of {@link settled}. */
  async announce({ tenantId, exchangeId }: Pick<Decided, 'tenantId' | 'exchangeId'>): Promise<void> {
    const [row]: ExchangeRow[] = await this.database.tenant(tenantId, (tx) =>
      tx.query(sql.FIND_EXCHANGE, [exchangeId, null]),
    );
    for (const userId of row ? [row.asker_id, row.responder_id] : [])
      this.bulletin.announce(tenantId, [{ userId, payload: { kind: 'outcome' } }]);
  }

  /** Everybody who was asked about the message of this round has said yes. */
  private async agreed(tx: Transaction, row: ExchangeRow, round: number, actor: string): Promise<Told[]> {
    const messages: MessageRow[] = await tx.query(sql.MESSAGES, [row.id]);
    const message = messages.find((one) => one.round === round && ['held', 'delivered'].includes(one.state));
    if (!message) return [];
    const told: Told[] = message.state === 'held' ? [await this.release(tx, row, message, actor)] : [];
    const over = row.waiting.length === 0 && message.envelope.reply_policy === 'no-reply-needed';
    if (!message.settles && !over) {
      if (message.state !== 'held') await this.wait(tx, row);
      return told;
    }
    const classification = higher(row.classification, message.classification);
    const reason = message.settles ? 'Everybody who was asked has agreed.' : 'The last message needs no reply.';
    const ending = { outcome: 'resolved', reason, actor, requestId: null } as const;
    return [...told, ...(await this.endings.end(tx, { ...row, classification }, ending))];
  }

  /** A held message goes over. */
  private async release(tx: Transaction, row: ExchangeRow, message: MessageRow, actor: string): Promise<Told> {
    const { sender_id: senderId, round, envelope } = message;
    const [asker, responder] = await this.endings.parties(row);
    const [sender, receiver] = senderId === asker.userId ? [asker, responder] : [responder, asker];
    const classification = higher(row.classification, message.classification);
    const replyBy = envelope.reply_policy === 'human-only' ? receiver.userId : null;
    await tx.query(sql.RELEASE_MESSAGE, [row.id, round, 'delivered']);
    await this.wait(tx, { ...row, reply_by: replyBy, classification });
    const turn = {
      operation: 'exchange.released',
      exchangeId: row.id,
      conversationId: row.conversation_id,
      exchangeType: row.exchange_type,
      outcome: row.outcome,
      reason: 'People have agreed to this message.',
      rounds: row.rounds,
      classification: message.classification,
      shared: message.shared,
      withheld: message.withheld,
      actor,
      requestId: null,
    } as const;
    await this.audit.appendWithin(tx, turnEntry(sender, { ...turn, with: receiver.userId }));
    await this.audit.appendWithin(tx, turnEntry(receiver, { ...turn, with: sender.userId }));
    const place = { tenantId: row.tenant_id, exchangeId: row.id, part: messagePart(round, senderId) };
    return {
      userId: receiver.userId,
      payload: {
        kind: 'message',
        exchangeId: row.id,
        conversationId: row.conversation_id,
        round,
        from: { userId: senderId, name: sender.name },
        message: this.texts.open(message.body, place),
        envelope,
        withheld: message.withheld,
      },
    };
  }

  /** Stores for whom an exchange waits, and with what label and answer expected. */
  private async wait(tx: Transaction, { id, waiting, reply_by: replyBy, classification }: ExchangeRow): Promise<void> {
    const now = new Date(this.clock.now());
    await tx.query(sql.SET_WAITING, [id, JSON.stringify(waiting), replyBy, classification, now]);
  }
}

const NO_MORE = 'Policy no longer lets this be.';

export function noSuchExchange(id: string): Problem {
  return new Problem('not_found', `You have no exchange "${id}".`);
}
