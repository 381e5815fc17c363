import { Rounds } from '#libs/clock';
import { EVENT_PAGE, PersonEvents } from '#libs/events';
import { Notices } from '#libs/redis';
import { Propagation } from '#policy';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { eventFrame } from './frames.ts';
import { type LiveSession, personKey } from './live-session.ts';
import { LocalRoster } from './roster.ts';
import { Turnstile } from './turnstile.ts';

/** Reads at a time, so that thousands who connect anew leave the database to others as well. */
const READS_AT_ONCE = 4;
const FORGET_EVERY_MS = 10 * 60_000;

/**
 * Hands people's events to their connections, each in the order of its numbers and none left out. A notice makes it look at
 * once; events that another replica has stored are found by asking the table each second, once for everybody.
 */
@Injectable()
export class Deliveries implements OnModuleInit, OnModuleDestroy {
  private readonly log = new Logger('live');
  private readonly reads = new Turnstile(READS_AT_ONCE);
  /** The newest number that is known of each person who is connected. */
  private readonly newest = new Map<string, number>();
  /** The newest policy revision that is known of each tenant. */
  private readonly revisions = new Map<string, number>();
  private unsubscribe: (() => void)[] = [];
  private readonly rounds = new Rounds();

  constructor(
    private readonly events: PersonEvents,
    private readonly roster: LocalRoster,
    private readonly propagation: Propagation,
    private readonly notices: Notices,
  ) {}

  onModuleInit(): void {
    this.rounds.begin();
    this.unsubscribe = [
      this.notices.subscribe('person.events', ({ tenantId, userId }) => {
        for (const session of this.roster.sessionsOf(tenantId, userId)) {
          session.hasNews = true;
          void this.feed(session);
        }
      }),
      this.notices.subscribe('policy.changed', ({ tenantId, revision }) => {
        if (revision <= this.revisionOf(tenantId)) return;
        this.revisions.set(tenantId, revision);
        for (const session of this.roster.sessions()) if (session.tenantId === tenantId) void this.feed(session);
      }),
    ];
  }

  async onModuleDestroy(): Promise<void> {
    for (const end of this.unsubscribe) end();
    await this.rounds.end();
  }

  /** The newest policy revision of the tenant. */
  revisionOf(tenantId: string): number {
    return Math.max(this.revisions.get(tenantId) ?? 0, this.propagation.wanted(tenantId));
  }

  /** As {@link PersonEvents.standing}; when everybody connects anew, they take turns. */
  standing(tenantId: string, userId: string, seq: number): Promise<{ last: number; from: number }> {
    return this.reads.pass(() => this.events.standing(tenantId, userId, seq));
  }

  /** From now on the connection gets what is above its cursor. */
  begin(session: LiveSession, newest: number): void {
    const key = personKey(session.tenantId, session.userId);
    this.newest.set(key, Math.max(newest, this.newest.get(key) ?? 0));
    this.roster.add(session);
    // What came since the numbers were read is found by the next look at the table.
    if (this.isBehind(session)) void this.feed(session);
  }

  end(session: LiveSession): void {
    this.roster.remove(session);
    if (this.roster.sessionsOf(session.tenantId, session.userId).size === 0) {
      this.newest.delete(personKey(session.tenantId, session.userId));
    }
  }

  @Interval(1_000)
  async poll(): Promise<void> {
    await this.rounds.run(async () => {
      try {
        await this.look();
      } catch (error) {
        this.log.warn(`could not look for events: ${(error as Error).message}`);
      }
    });
  }

  @Interval(FORGET_EVERY_MS)
  async forgetOld(): Promise<void> {
    await this.events
      .forgetOld()
      .catch((error: unknown) => this.log.warn(`could not remove old events: ${(error as Error).message}`));
  }

  /** Asks the table for everybody who is connected. */
  private async look(): Promise<void> {
    const known = [];
    for (const [session] of this.roster.all()) {
      const { tenantId, userId } = session!;
      known.push({ tenantId, userId, seq: this.newest.get(personKey(tenantId, userId)) ?? 0 });
    }
    if (known.length === 0) return;
    for (const { tenantId, userId, seq } of await this.events.newest(known)) {
      const key = personKey(tenantId, userId);
      const before = this.newest.get(key);
      if (before !== undefined) this.newest.set(key, Math.max(seq, before));
    }
    for (const session of this.roster.sessions()) if (this.isBehind(session)) void this.feed(session);
  }

  private isBehind(session: LiveSession): boolean {
    const newest = this.newest.get(personKey(session.tenantId, session.userId)) ?? 0;
    return session.hasNews || session.cursor < newest || session.revision < this.revisionOf(session.tenantId);
  }

  /** One at a time a connection; who calls meanwhile makes it look once more. Never rejects. */
  private async feed(session: LiveSession): Promise<void> {
    session.feedAgain = true;
    if (session.isFed) return;
    session.isFed = true;
    try {
      while (session.feedAgain && session.socket.isOpen) {
        session.feedAgain = false;
        await this.sendNews(session);
      }
    } catch (error) {
      // The next look at the table finds it behind and tries again.
      session.hasNews = true;
      this.log.warn(`could not read events: ${(error as Error).message}`);
    } finally {
      session.isFed = false;
    }
  }

  private async sendNews(session: LiveSession): Promise<void> {
    const { tenantId, userId, socket } = session;
    const revision = this.revisionOf(tenantId);
    if (revision > session.revision) {
      session.revision = revision;
      if (!(await socket.sendGently(eventFrame('policy.revision', session.cursor, { wanted: revision })))) return;
    }
    const key = personKey(tenantId, userId);
    for (let isMore = session.hasNews || session.cursor < (this.newest.get(key) ?? 0); isMore;) {
      session.hasNews = false;
      // Events up to here are there before they are asked for: a short page has all of them that are kept.
      const newest = this.newest.get(key) ?? 0;
      const page = await this.reads.pass(() => this.events.after(tenantId, userId, session.cursor, EVENT_PAGE));
      for (const { seq, event, payload, at } of page) {
        if (!(await socket.sendGently(eventFrame(event, seq, payload, at)))) return;
        session.cursor = seq;
      }
      isMore = page.length === EVENT_PAGE;
      if (!isMore) session.cursor = Math.max(session.cursor, newest);
      if (session.cursor > newest && this.newest.has(key)) this.newest.set(key, session.cursor);
    }
  }
}
