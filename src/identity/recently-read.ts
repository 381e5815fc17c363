import { LRUCache } from 'lru-cache';

/**
 * What was read a moment ago, so that calls in quick succession read it once. Nothing that was read before `forget` is
 * kept after it; whoever waits for such a read gets its answer all the same, as if they had asked a moment earlier.
 */
export class RecentlyRead<V> {
  private readonly kept: LRUCache<string, { readonly value: V }>;
  private underWay = new Map<string, Promise<V>>();

  /** @param freshMs how long a value is kept, in milliseconds */
  constructor(
    options: { readonly max: number; readonly freshMs: number },
    private readonly read: (key: string) => Promise<V>,
  ) {
    this.kept = new LRUCache({ max: options.max, ttl: options.freshMs });
  }

  async get(key: string): Promise<V> {
    const kept = this.kept.get(key);
    if (kept) return kept.value;
    return this.underWay.get(key) ?? this.begin(key);
  }

  forget(key?: string): void {
    if (key === undefined) this.kept.clear();
    else this.kept.delete(key);
    this.underWay = new Map();
  }

  private begin(key: string): Promise<V> {
    const { underWay } = this;
    const reading = this.read(key)
      .then((value) => {
        if (this.underWay === underWay) this.kept.set(key, { value });
        return value;
      })
      .finally(() => underWay.delete(key));
    underWay.set(key, reading);
    return reading;
  }
}
