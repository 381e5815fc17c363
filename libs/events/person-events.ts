import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '#libs/database';
import { Notices } from '#libs/redis';
import { SealError, Sealing } from '#libs/sealing';

/** What people are told of while they are connected, with what each event says. */
export interface PersonEventPayloads {
  'session.message': Readonly<Record<string, unknown>>;
  'approval.pending': Readonly<Record<string, unknown>>;
  'approval.decided': Readonly<Record<string, unknown>>;
  'briefing.ready': Readonly<Record<string, unknown>>;
}
export type PersonEventName = keyof PersonEventPayloads;

export interface PersonEvent {
  /** 1 for a person's first event; rises by one with each. */
  readonly seq: number;
  readonly event: PersonEventName;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

/** How many events are read at a time. */
export const EVENT_PAGE = 100;

/** A person and the number of an event. */
export interface PersonAt {
  readonly tenantId: string;
  readonly userId: string;
  readonly seq: number;
}

/** How long an event can be asked for again, in hours. */
export const EVENT_HOURS = 72;

const APPEND = `
  WITH counter AS (
    INSERT INTO person_event_counters AS c (tenant_id, user_id, last) VALUES ($1, $2, 1)
    ON CONFLICT (tenant_id, user_id) DO UPDATE SET last = c.last + 1
    RETURNING last
  )
  INSERT INTO person_events (tenant_id, user_id, seq, event, payload, at)
  SELECT $1, $2, last, $3, $4, now() FROM counter
  RETURNING seq::int`;
const AFTER = `
  SELECT seq::int, event, payload, at FROM person_events
  WHERE user_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`;
const LAST = `SELECT last::int FROM person_event_counters WHERE user_id = $1`;
const STANDING = `
  SELECT coalesce((SELECT last FROM person_event_counters WHERE user_id = $1), 0)::int AS last,
    (SELECT min(seq) FROM person_events WHERE user_id = $1 AND seq > $2)::int AS first`;
const NEWEST = `
  SELECT tenant_id AS "tenantId", user_id AS "userId", c.last::int AS seq
  FROM unnest($1::text[], $2::text[], $3::bigint[]) AS known (tenant_id, user_id, last)
  JOIN person_event_counters AS c USING (tenant_id, user_id) WHERE c.last > known.last`;
const FORGET = `DELETE FROM person_events WHERE at < now() - make_interval(hours => $1)`;

/**
 * Events for people, stored in the transaction of the state that they tell of: an event exists exactly if that state does.
 * The counter of a person is locked until the transaction ends, so events become visible in the order of their numbers and
 * a reader that has seen number n never finds a lower one later. What an event says is sealed: it can hold what assistants have
 * said to each other.
 *
 * ```ts
 * await database.tenant(tenantId, async (tx) => {
 *   await tx.query(…);
 *   await events.append(tx, { tenantId, userId, event: 'approval.pending', payload: { id } });
 * });
 * events.announce(tenantId, userId);
 * ```
 */
@Injectable()
export class PersonEvents {
  constructor(
    private readonly database: Database,
    private readonly notices: Notices,
    private readonly sealing: Sealing,
  ) {}

  /** Stores an event; to be the last thing a transaction does, because it locks the person's counter. @returns its seq */
  async append<E extends PersonEventName>(
    tx: Transaction,
    told: {
      readonly tenantId: string;
      readonly userId: string;
      readonly event: E;
      readonly payload: PersonEventPayloads[E];
    },
  ): Promise<number> {
    const [row]: { seq: number }[] = await tx.query(APPEND, [
      told.tenantId,
      told.userId,
      told.event,
      JSON.stringify(this.sealing.seal(JSON.stringify(told.payload), placeOf(told))),
    ]);
    return row!.seq;
  }

  /** Lets those who are connected for this person look at once. To be called after the transaction. */
  announce(tenantId: string, userId: string): void {
    this.notices.publish('person.events', { tenantId, userId });
  }

  /** @returns the person's events with numbers above `seq`, in order, at most `limit` */
  async after(tenantId: string, userId: string, seq: number, limit = EVENT_PAGE): Promise<PersonEvent[]> {
    const rows: StoredEvent[] = await this.database.tenant(tenantId, (tx) => tx.query(AFTER, [userId, seq, limit]));
    return rows.map(({ payload, ...event }) => ({ ...event, payload: this.opened(payload, { tenantId, userId }) }));
  }

  /** What can be opened no more still counts: whoever reads must not wait for its number for ever. */
  private opened(sealed: string, whose: { tenantId: string; userId: string }): PersonEvent['payload'] {
    try {
      return JSON.parse(this.sealing.open(sealed, placeOf(whose))) as PersonEvent['payload'];
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      return { unreadable: true };
    }
  }

  /** @returns the number of the person's newest event; 0 where there has been none */
  async last(tenantId: string, userId: string): Promise<number> {
    const [row]: { last: number }[] = await this.database.tenant(tenantId, (tx) => tx.query(LAST, [userId]));
    return row?.last ?? 0;
  }

  /**
   * Where somebody stands who has seen everything up to `seq`: the number of the newest event, and that of the first which
   * is to come. That is above `seq` + 1 where what was between is kept no longer.
   */
  async standing(tenantId: string, userId: string, seq: number): Promise<{ last: number; from: number }> {
    const [row]: { last: number; first: number | null }[] = await this.database.tenant(tenantId, (tx) =>
      tx.query(STANDING, [userId, seq]),
    );
    const { last, first } = row!;
    return { last, from: first ?? last + 1 };
  }

  /**
   * Of these people, those who have newer events than `seq`, with the number of the newest: one question for all who are
   * connected, because a notice of another replica can be lost.
   */
  async newest(known: readonly PersonAt[]): Promise<PersonAt[]> {
    const column = <K extends keyof PersonAt>(name: K) => known.map((person) => person[name]);
    return this.database.system((tx) => tx.query(NEWEST, [column('tenantId'), column('userId'), column('seq')]));
  }

  /** Removes what nobody may ask for any more (older than {@link EVENT_HOURS}). */
  async forgetOld(): Promise<void> {
    await this.database.system((tx) => tx.query(FORGET, [EVENT_HOURS]));
  }
}

interface StoredEvent extends Omit<PersonEvent, 'payload'> {
  readonly payload: string;
}

function placeOf({ tenantId, userId }: { readonly tenantId: string; readonly userId: string }): string {
  return `${tenantId}/events/${userId}`;
}
