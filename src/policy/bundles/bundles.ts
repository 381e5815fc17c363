import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database } from '#libs/database';
import { type Bundle, buildBundle, BundleSigner, discoveredConfig } from '#libs/opa';
import { Inject, Injectable } from '@nestjs/common';
import { ACTIVE_POLICIES, type PolicyRow, toPlaced } from '../policy.sql.ts';
import { compileTenant } from '../rules/index.ts';

/** Where the base Rego lies, from the folder that the process runs in. */
export const BASE_POLICIES = join('policies', 'base');

/** The name of a tenant's bundle. */
export function tenantBundle(tenantId: string): string {
  return `tenant-${tenantId}`;
}

/**
 * The bundles that OPA pulls: `discovery` names the others, `base` has the Rego, and each tenant has one of its own, so
 * that a change costs that tenant's size alone.
 */
@Injectable()
export class Bundles {
  private readonly built = new Map<string, Bundle>();
  /** Tenants whose build is under way, and whether it must run once more: bursts of changes build once. */
  private readonly building = new Map<string, { again: boolean; done: Promise<void> }>();
  private readonly changed = new EventEmitter().setMaxListeners(0);
  private closed = false;
  private announced?: string;

  private readonly signer: BundleSigner;

  constructor(
    private readonly database: Database,
    @Inject(SETTINGS_TOKEN) settings: Settings,
  ) {
    this.signer = new BundleSigner(settings.OPA_BUNDLE_SIGNING_KEY);
  }

  /** Builds the bundles that do not depend on tenants' policies. */
  async start(tenantIds: readonly string[]): Promise<void> {
    const modules: Record<string, string> = {};
    const names = await readdir(BASE_POLICIES, { recursive: true });
    for (const name of names.filter((file) => file.endsWith('.rego') && !file.endsWith('_test.rego')).sort()) {
      modules[name] = await readFile(join(BASE_POLICIES, name), 'utf8');
    }
    const revision = createHash('sha256').update(JSON.stringify(modules)).digest('hex').slice(0, 16);
    this.put('base', await buildBundle({ revision, roots: ['openclaw/main', 'openclaw/lib'], modules }, this.signer));
    await this.announce(tenantIds);
  }

  /** Tells OPA which tenants there are, if that is news. */
  async announce(tenantIds: readonly string[]): Promise<void> {
    const tenants = tenantIds.join(' ');
    if (tenants === this.announced) return;
    this.announced = tenants;
    const config = discoveredConfig(['base', ...tenantIds.map(tenantBundle)]);
    const revision = createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16);
    this.put(
      'discovery',
      await buildBundle({ revision, roots: ['discovery'], data: { discovery: config } }, this.signer),
    );
  }

  /** The bundle as it is now; a tenant's is built on first demand. */
  async get(name: string): Promise<Bundle | undefined> {
    const tenantId = name.startsWith('tenant-') ? name.slice('tenant-'.length) : undefined;
    if (tenantId !== undefined && !this.built.has(name)) await this.refresh(tenantId);
    return this.built.get(name);
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
    });
    return this.built.get(name);
  }

  /** Rebuilds a tenant's bundle from what is committed now. */
  refresh(tenantId: string): Promise<void> {
    const running = this.building.get(tenantId);
    if (running) {
      running.again = true;
      return running.done;
    }
    const state = { again: false, done: Promise.resolve() };
    state.done = (async () => {
      try {
        do {
          state.again = false;
          this.put(tenantBundle(tenantId), await this.build(tenantId));
        } while (state.again);
      } finally {
        this.building.delete(tenantId);
      }
    })();
    this.building.set(tenantId, state);
    return state.done;
  }

  /** Answers everybody who waits, so that a drain is not held up. */
  close(): void {
    this.closed = true;
    this.changed.emit('closed');
  }

  private async build(tenantId: string): Promise<Bundle> {
    const { revision, rows } = await this.database.tenant(tenantId, async (tx) => {
      // One snapshot for both: a bundle never claims a revision whose policies it lacks.
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const [row]: { revision: string }[] = await tx.query('SELECT revision FROM policy_revisions');
      const policies: PolicyRow[] = await tx.query(ACTIVE_POLICIES);
      return { revision: row?.revision ?? '0', rows: policies };
    });
    const data = compileTenant(rows.map(toPlaced), revision);
    return buildBundle(
      {
        revision,
        roots: [`openclaw/tenants/${tenantId}`],
        data: { openclaw: { tenants: { [tenantId]: data } } },
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
