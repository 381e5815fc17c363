import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { Notices } from '#libs/redis';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { LRUCache } from 'lru-cache';
import { together } from './together.ts';

const LOOK_EVERY_MS = 400;
/** Without a look at the version for so long nothing that was kept is believed any more. */
const BELIEVED_MS = 900;
const KEPT = 50_000;

/**
 * Keeps what was looked up about people, sessions and tokens for as long as nothing changes. The database counts changes
 * (`credential_version`); this looks at the count every 400 ms, so a change made on any replica counts here within a
 * second, and at once where it was made or a notice comes through.
 */
@Injectable()
export class Lookups implements OnApplicationBootstrap {
  private readonly watchers = new Set<() => void>();
  private generation = 0;
  private version: string | undefined;
  private lookedAt = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    notices: Notices,
  ) {
    notices.subscribe('directory.changed', () => this.forget());
    notices.subscribe('credentials.revoked', () => this.forget());
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.look();
  }

  /**
   * A cache before `loadAll`, which is asked for many keys at once: after a change, or when nothing is believed, everybody who
   * calls has to be looked up anew.
   */
  keeping<T extends object>(
    loadAll: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>,
  ): (key: string) => Promise<T | undefined> {
    const load = together(loadAll);
    const kept = new LRUCache<string, { value: T | undefined }>({
      max: KEPT,
      // The generation is in the key: a load that began before a change can never be kept as if it came after.
      fetchMethod: async (key) => ({ value: await load(key.slice(key.indexOf(' ') + 1)) }),
    });
    return async (key) => {
      if (this.clock.elapsed() - this.lookedAt > BELIEVED_MS) return load(key);
      const name = `${this.generation} ${key}`;
      return (kept.get(name) ?? (await kept.fetch(name)))?.value;
    };
  }

  /** Everything kept so far is out of date. */
  forget(): void {
    this.generation++;
    for (const watcher of this.watchers) watcher();
  }

  /** Calls `watcher` whenever something may have changed. @returns a function that ends this */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  @Interval(LOOK_EVERY_MS)
  async look(): Promise<void> {
    // What was true when the question was asked is what the answer tells.
    const asked = this.clock.elapsed();
    try {
      const [row]: { version: string }[] = await this.database.system((tx) =>
        tx.query('SELECT version FROM credential_version'),
      );
      if (row!.version !== this.version) this.forget();
      this.version = row!.version;
      this.lookedAt = asked;
    } catch {
      // The database is away: what was kept is not believed for long.
    }
  }
}
