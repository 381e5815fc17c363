/**
 * When calls of an open model are due: independent of one another at a mean rate (a Poisson process), the same sequence
 * for the same seed. A call's latency counts from here, so that a slow server cannot hide by slowing the generator.
 */
export class Arrivals {
  private state: number;
  readonly rate: number;
  /** When the next call is due, in milliseconds from the start. */
  next = 0;

  /** @param rate calls a second */
  constructor(rate: number, seed = 1) {
    this.rate = rate;
    this.state = seed >>> 0;
    this.advance();
  }

  /** The time of the call that is due, if it is, and moves on to the next. */
  take(now: number): number | undefined {
    if (this.next > now) return undefined;
    const due = this.next;
    this.advance();
    return due;
  }

  private advance(): void {
    this.next += (-Math.log(1 - this.random()) * 1_000) / this.rate;
  }

  /** Mulberry32: 0 ≤ x < 1. */
  private random(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
}
