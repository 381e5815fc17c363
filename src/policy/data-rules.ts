import type { DirectoryPerson } from '#identity';
import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { TenantBundles } from './bundles/tenant-bundles.ts';
import { pathOf, placeKey } from './place.ts';
import * as sql from './policy.sql.ts';
import { type Labels, labelsOf, type RetentionDays, retentionOf } from './rules/index.ts';

/** What the `data` policies on a person's path say of things that lie here. */
export interface RulesOnData {
  readonly label: Labels;
  readonly retention: RetentionDays;
}

const KEPT = 5_000;

/** Reads the `data` policies of paths, and keeps what it has read for as long as the tenant's revision stands. */
@Injectable()
export class DataRules {
  private readonly kept = new LRUCache<string, Promise<RulesOnData>>({ max: KEPT });

  constructor(
    private readonly database: Database,
    private readonly tenants: TenantBundles,
  ) {}

  for(person: DirectoryPerson): Promise<RulesOnData> {
    const { tenantId } = person;
    const places = pathOf(person).map(placeKey);
    const revision = this.tenants.all().get(tenantId)?.wanted;
    if (revision === undefined) return this.read(tenantId, places);
    const key = JSON.stringify([tenantId, revision, ...places]);
    let rules = this.kept.get(key);
    if (!rules) {
      rules = this.read(tenantId, places);
      this.kept.set(key, rules);
      rules.catch(() => this.kept.delete(key));
    }
    return rules;
  }

  private async read(tenantId: string, places: readonly string[]): Promise<RulesOnData> {
    const rows: sql.PolicyRow[] = await this.database.tenant(tenantId, (tx) =>
      tx.query(sql.ACTIVE_POLICIES_AT, [places]),
    );
    const policies = sql.documentsOf(rows);
    return { label: labelsOf(policies), retention: retentionOf(policies) };
  }
}
