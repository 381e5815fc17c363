import { People } from '#identity';
import { Notices } from '#libs/redis';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { TaskBook } from './task-book.ts';

/** A person's five systems are often read within moments of each other: their tasks are worked out once for all of them. */
const SETTLE_MS = 1_000;
/** People who wait at most; whoever is beyond it has their tasks worked out when they look. */
const MOST_WAITING = 20_000;

/**
 * Works out a person's tasks soon after a sync has brought something new, so that a briefing finds them done. Nothing depends
 * on it: a briefing works out whatever has not been. One person at a time, because those who wait for an answer come first.
 */
@Injectable()
export class BackgroundBooks implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('briefing');
  /** In the order in which their turn comes. */
  private readonly waiting = new Map<string, { tenantId: string; userId: string }>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly notices: Notices,
    private readonly people: People,
    private readonly book: TaskBook,
  ) {}

  onApplicationBootstrap(): void {
    this.unsubscribe = this.notices.subscribe('work.changed', ({ tenantId, userId }) => {
      const key = `${tenantId}/${userId}`;
      if (this.waiting.size >= MOST_WAITING && !this.waiting.has(key)) return;
      this.waiting.delete(key);
      this.waiting.set(key, { tenantId, userId });
      this.plan();
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.unsubscribe?.();
    this.waiting.clear();
    clearTimeout(this.timer);
    await this.running;
  }

  private plan(): void {
    if (this.timer || this.running) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.running = this.work().finally(() => {
        this.running = undefined;
        if (this.waiting.size > 0) this.plan();
      });
    }, SETTLE_MS);
  }

  private async work(): Promise<void> {
    const batch = [...this.waiting];
    for (const [key, { tenantId, userId }] of batch) {
      if (!this.waiting.delete(key)) continue;
      try {
        const person = await this.people.find(tenantId, userId);
        if (person) await this.book.refresh(person);
      } catch (error) {
        this.log.warn(`tasks could not be worked out ahead of time: ${(error as Error).message}`);
      }
    }
  }
}
