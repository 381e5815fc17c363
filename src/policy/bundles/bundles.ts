import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database } from '#libs/database';
import { type Bundle, buildBundle, BundleSigner, discoveredConfig } from '#libs/opa';
import { Inject, Injectable } from '@nestjs/common';
import { ActiveModules, compileModules, moduleRoot } from '../modules/index.ts';
import {
  ACTIVE_POLICIES_OF_HASHES,
  documentsOf,
  modulesOf,
  type PolicyRow,
  REVISION_OF_HASHES,
} from '../policy.sql.ts';
import { compileTenant } from '../rules/index.ts';
import { Coalesced } from './coalesced.ts';
import { hashRange, parseShardBundle, type Shard, shardBundle, shardKey } from './shards.ts';

/** Where the base Rego lies, from the folder that the process runs in. */
export const BASE_POLICIES = join('policies', 'base');

/**
 * The bundles that OPA pulls: `discovery` names the others, `base` has the Rego, and each tenant has its own, a large one
 * several, so that a change costs the size of one of them (see `shards.ts`).
 */
@Injectable()
export class Bundles {
  private readonly built = new Map<string, Bundle>();
  /** Policies in a bundle, by its name. */
  private readonly sizes = new Map<string, number>();
  private readonly builds = new Coalesced<Shard>(shardBundle, async (shard) =>
    this.put(shardBundle(shard), await this.build(shard)),
  );
  private readonly changed = new EventEmitter().setMaxListeners(0);
  private closed = false;
  private announced?: string;

  private readonly signer: BundleSigner;

  constructor(
    private readonly database: Database,
    private readonly modules: ActiveModules,
    @Inject(SETTINGS_TOKEN) settings: Settings,
  ) {
    this.signer = new BundleSigner(settings.OPA_BUNDLE_SIGNING_KEY);
  }

  /** Builds the bundle that does not depend on tenants. */
  async start(): Promise<void> {
    const modules: Record<string, string> = {};
    const names = await readdir(BASE_POLICIES, { recursive: true });
    for (const name of names.filter((file) => file.endsWith('.rego') && !file.endsWith('_test.rego')).sort()) {
      modules[name] = await readFile(join(BASE_POLICIES, name), 'utf8');
    }
    const revision = createHash('sha256').update(JSON.stringify(modules)).digest('hex').slice(0, 16);
    this.put('base', await buildBundle({ revision, roots: ['openclaw/main', 'openclaw/lib'], modules }, this.signer));
  }

  /** Tells OPA which bundles of tenants there are, if that is news. */
  async announce(names: readonly string[]): Promise<void> {
    const announced = names.join(' ');
    if (announced === this.announced) return;
    this.announced = announced;
    const config = discoveredConfig(['base', ...names]);
    const revision = createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16);
    this.put(
      'discovery',
      await buildBundle({ revision, roots: ['discovery'], data: { discovery: config } }, this.signer),
    );
  }

  /** The bundle as it is now; a tenant's is built on first demand. */
  async get(name: string): Promise<Bundle | undefined> {
    const shard = parseShardBundle(name);
    if (shard && !this.built.has(name)) await this.refresh(shard);
    return this.built.get(name);
  }

  /** Policies in a bundle as it was last built; 0 before. */
  sizeOf(shard: Shard): number {
    return this.sizes.get(shardBundle(shard)) ?? 0;
  }

  /** Forgets bundles of a tenant that are no longer announced. */
  forget(tenantId: string, count: number): void {
    for (let shard = 0; shard < count; shard++) {
      const name = shardBundle({ tenantId, shard, count });
      this.built.delete(name);
      this.sizes.delete(name);
    }
  }

  /** Resolves with the bundle as soon as it differs from `etag`, at the latest after `waitMs`. */
  async next(name: string, etag: string, waitMs: number, signal: AbortSignal): Promise<Bundle | undefined> {
    const now = await this.get(name);
    if (!now || now.etag !== etag || waitMs <= 0 || signal.aborted || this.closed) return now;
    await new Promise<void>((resume) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.changed.off(name, done);
        this.changed.off('closed', done);
        resume();
      };
      const timer = setTimeout(done, waitMs);
      signal.addEventListener('abort', done);
      this.changed.once(name, done);
      this.changed.once('closed', done);
      // It may have changed between the look above and the waiting.
      if (this.built.get(name)?.etag !== etag) done();
    });
    return this.built.get(name);
  }

  /** Rebuilds a bundle from what is committed now. */
  refresh(shard: Shard): Promise<void> {
    return this.builds.run(shard);
  }

  /** True once the gateway drains. */
  get closing(): boolean {
    return this.closed;
  }

  /** Answers everybody who waits, so that a drain is not held up. */
  close(): void {
    this.closed = true;
    this.changed.emit('closed');
  }

  private async build(shard: Shard): Promise<Bundle> {
    const { tenantId, count } = shard;
    const range = hashRange(shard.shard, count);
    const { revision, rows } = await this.database.tenant(tenantId, async (tx) => {
      // One snapshot for both: a bundle never claims a revision whose policies it lacks.
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const [row]: { revision: string }[] = await tx.query(REVISION_OF_HASHES, range);
      const policies: PolicyRow[] = await tx.query(ACTIVE_POLICIES_OF_HASHES, range);
      return { revision: row!.revision, rows: policies };
    });
    this.sizes.set(shardBundle(shard), rows.length);
    const key = shardKey(shard.shard, count);
    const data = compileTenant(documentsOf(rows), Number(revision));
    const { references, files } = compileModules(modulesOf(rows), tenantId, key);
    this.modules.set(tenantId, key, references);
    const content = Object.keys(references).length === 0 ? data : { ...data, modules: references };
    return buildBundle(
      {
        revision,
        roots: [`openclaw/tenants/${tenantId}/${key}`, moduleRoot(tenantId, key)],
        data: { openclaw: { tenants: { [tenantId]: { [key]: content } } } },
        modules: files,
      },
      this.signer,
    );
  }

  private put(name: string, bundle: Bundle): void {
    if (this.built.get(name)?.etag === bundle.etag) return;
    this.built.set(name, bundle);
    this.changed.emit(name);
  }
}
