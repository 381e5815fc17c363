import type { Clock } from '#libs/clock';
import { decodeTime, encodeTime, monotonicFactory } from 'ulid';

/** Port to ids: each is a ULID that sorts after the one before. */
export abstract class IdSource {
  abstract next(): string;
}

export class UlidSource extends IdSource {
  private readonly make = monotonicFactory(pooledRandom());

  constructor(private readonly clock: Clock) {
    super();
  }

  next(): string {
    return this.make(this.clock.now());
  }
}

/** Numbers in [0, 1) from the system's random source, fetched many at once: asking for each costs more than an entry. */
function pooledRandom(): () => number {
  const pool = new Uint32Array(1024);
  let next = pool.length;
  return () => {
    if (next === pool.length) {
      crypto.getRandomValues(pool);
      next = 0;
    }
    return pool[next++]! / 2 ** 32;
  };
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
