import { type Shard, shardBundle, shardOf } from './shards.ts';

/** A tenant spread over so many bundles: the revision wanted of each, and the one that OPA reports. */
export class Spread {
  private readonly wanted: number[];
  private readonly active: number[];

  constructor(
    readonly tenantId: string,
    readonly count: number,
  ) {
    this.wanted = new Array<number>(count).fill(0);
    this.active = new Array<number>(count).fill(-1);
  }

  /** @returns the bundles that a change at these places concerns, now wanted at the revisions given */
  want(changes: Iterable<{ readonly hash: number; readonly revision: number }>): Shard[] {
    const changed = new Set<number>();
    for (const { hash, revision } of changes) {
      const shard = Math.floor((hash * this.count) / 65_536);
      if (revision <= this.wanted[shard]!) continue;
      this.wanted[shard] = revision;
      changed.add(shard);
    }
    return [...changed].map((shard) => this.shard(shard));
  }

  /** @param activeRevision what OPA says of a bundle, by its name; undefined: not active */
  report(activeRevision: (bundle: string) => string | undefined): void {
    for (let shard = 0; shard < this.count; shard++) {
      const revision = activeRevision(shardBundle(this.shard(shard)));
      if (revision !== undefined && revision !== '') this.active[shard] = Number(revision);
    }
  }

  /** The revision up to which OPA runs everything, where the tenant's newest is `newest`; -1: not all are loaded. */
  activeRevision(newest: number): number {
    let revision = newest;
    for (let shard = 0; shard < this.count; shard++) {
      if (this.active[shard]! < 0) return -1;
      if (this.active[shard]! < this.wanted[shard]!) revision = Math.min(revision, this.wanted[shard]! - 1);
    }
    return revision;
  }

  shards(): Shard[] {
    return Array.from({ length: this.count }, (_, shard) => this.shard(shard));
  }

  /** Where the policies of a place are. */
  at(place: string): Shard {
    return this.shard(shardOf(place, this.count));
  }

  private shard(shard: number): Shard {
    return { tenantId: this.tenantId, shard, count: this.count };
  }
}
