import type { BucketLimit, TokenBuckets } from '#libs/redis';
import { VendorError } from '../connector.ts';

export interface TurnstileOptions {
  /** Name of the connector's bucket. */
  readonly key: string;
  readonly buckets: TokenBuckets;
  readonly limit: BucketLimit;
  readonly concurrency: number;
  readonly queueLimit: number;
  readonly now: () => number;
}

interface Ticket {
  readonly deadline: number;
  readonly admit: () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * Where requests through one connector wait their turn: a token bucket, a number at a time, and between the people who share
 * the connector strictly in turns, so that one with a thousand requests delays another's by no more than one.
 */
export class Turnstile {
  /** By person, in the order of their turns. */
  private readonly lanes = new Map<string, Ticket[]>();
  private waitingNow = 0;
  private inside = 0;
  private pumping = false;
  private wake: (() => void) | undefined;

  constructor(private readonly options: TurnstileOptions) {}

  get waiting(): number {
    return this.waitingNow;
  }

  get idle(): boolean {
    return this.waitingNow === 0 && this.inside === 0;
  }

  /**
   * Waits for one's turn.
   * @returns what to call when the request has ended
   * @throws VendorError `overloaded` where too many wait, `rate_limited` where the turn would come after the deadline
   */
  async enter(person: string, deadline: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.waitingNow >= this.options.queueLimit) {
      const { perSecond } = this.options.limit;
      const wait = Math.min(60_000, Math.max(1_000, (this.waitingNow / perSecond) * 1_000));
      throw new VendorError('overloaded', 'too many requests wait already', this.options.now() + wait);
    }
    await new Promise<void>((resolve, reject) => {
      const lane = this.lanes.get(person) ?? [];
      this.lanes.set(person, lane);
      const leave = (): boolean => {
        const at = lane.indexOf(ticket);
        if (at < 0) return false;
        lane.splice(at, 1);
        if (lane.length === 0 && this.lanes.get(person) === lane) this.lanes.delete(person);
        this.waitingNow--;
        signal.removeEventListener('abort', abort);
        return true;
      };
      const ticket: Ticket = {
        deadline,
        admit: () => void (leave() && resolve()),
        refuse: (error) => void (leave() && reject(error)),
      };
      const abort = () => ticket.refuse(signal.reason as Error);
      lane.push(ticket);
      this.waitingNow++;
      signal.addEventListener('abort', abort, { once: true });
      this.wake?.();
      void this.pump();
    });
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.inside--;
      void this.pump();
    };
  }

  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    try {
      while (this.waitingNow > 0 && this.inside < this.options.concurrency) await this.next();
    } catch (error) {
      for (const lane of [...this.lanes.values()]) for (const ticket of [...lane]) ticket.refuse(error as Error);
    } finally {
      this.pumping = false;
    }
  }

  /** Lets the next one in, or waits until there is a token. */
  private async next(): Promise<void> {
    const { buckets, key, limit } = this.options;
    let soonest = Infinity;
    for (const person of [...this.lanes.keys()]) {
      const held = await buckets.heldFor(`${key}/${person}`);
      if (held === 0) {
        const wait = await buckets.take(key, limit);
        if (wait > 0) return this.pause(wait, this.lanes.keys());
        this.admit(person);
        return;
      }
      soonest = Math.min(soonest, held);
      this.refuseLate([person], held);
    }
    if (this.waitingNow > 0) await this.pause(soonest, []);
  }

  private admit(person: string): void {
    const lane = this.lanes.get(person);
    const ticket = lane?.[0];
    if (!lane || !ticket) return; // left meanwhile; the token is lost, which harms nobody
    this.inside++;
    // To the end of the round.
    this.lanes.delete(person);
    this.lanes.set(person, lane);
    ticket.admit();
  }

  private async pause(ms: number, people: Iterable<string>): Promise<void> {
    this.refuseLate(people, ms);
    if (this.waitingNow === 0) return;
    await new Promise<void>((resume) => {
      const timer = setTimeout(resume, Math.min(ms, 1_000));
      this.wake = () => {
        clearTimeout(timer);
        resume();
      };
    });
    this.wake = undefined;
  }

  /** Whoever cannot be served before their deadline hears so now, and when to come back. */
  private refuseLate(people: Iterable<string>, wait: number): void {
    const at = this.options.now() + wait;
    for (const person of [...people]) {
      for (const ticket of [...(this.lanes.get(person) ?? [])]) {
        if (ticket.deadline <= at)
          ticket.refuse(new VendorError('rate_limited', 'asks to be left alone for a while', at));
      }
    }
  }
}
