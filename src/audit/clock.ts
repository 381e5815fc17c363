import { decodeTime, encodeTime, monotonicFactory } from 'ulid';

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

const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * The same ULIDs, in order, each time a call is repeated.
 * @param call.seed at least 26 hexadecimal digits that no other call has
 * @param call.claimedAt milliseconds since 1970 of the first try
 * @param count at most 32,768
 */
export function repeatableIds(call: { readonly seed: string; readonly claimedAt: number }, count: number): string[] {
  const random = Array.from({ length: 13 }, (_, i) => BASE32[parseInt(call.seed.slice(2 * i, 2 * i + 2), 16) % 32]);
  const start = encodeTime(call.claimedAt) + random.join('');
  return Array.from({ length: count }, (_, n) => start + BASE32[n >> 10]! + BASE32[(n >> 5) & 31]! + BASE32[n & 31]!);
}
