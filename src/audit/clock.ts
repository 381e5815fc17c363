import { decodeTime, monotonicFactory } from 'ulid';

/** Port to time, so that tests need no sleeping. */
export abstract class Clock {
  /** Milliseconds since 1970. */
  abstract now(): number;
  /** Milliseconds that only ever rise: for limits and durations. */
  abstract elapsed(): number;
  /** Runs `work` once after so many milliseconds, unless the answer is called first. */
  abstract after(milliseconds: number, work: () => void): () => void;
}

export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }

  elapsed(): number {
    return performance.now();
  }

  after(milliseconds: number, work: () => void): () => void {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  }
}

/** Port to ids: each is a ULID that sorts after the one before. */
export abstract class IdSource {
  abstract next(): string;
}

export class UlidSource extends IdSource {
  private readonly make = monotonicFactory();

  constructor(private readonly clock: Clock) {
    super();
  }

  next(): string {
    return this.make(this.clock.now());
  }
}

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

export function isUlid(text: string): boolean {
  return ULID.test(text);
}

/** Milliseconds since 1970 of a ULID. */
export function timeOf(ulid: string): number {
  return decodeTime(ulid);
}
