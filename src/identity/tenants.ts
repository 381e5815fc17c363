import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { UserInput } from './directory.schema.ts';
import { FIND_USERS } from './directory.sql.ts';
import { People } from './people.ts';

export interface TenantInput {
  readonly id: string;
  readonly name: string;
  /** Domains whose addresses belong to this tenant alone. */
  readonly emailDomains: readonly string[];
}

/** Tenants come into being when a deployment is set up, not through the API. */
@Injectable()
export class Tenants {
  constructor(
    private readonly database: Database,
    private readonly people: People,
  ) {}

  /** Makes the tenant and those of its people who have never existed. Safe to repeat after a crash at any point. */
  async ensure(tenant: TenantInput, users: readonly UserInput[]): Promise<void> {
    await this.database.tenant(tenant.id, (tx) =>
      tx.query(`INSERT INTO tenants (tenant_id, name, email_domains) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, [
        tenant.id,
        tenant.name,
        tenant.emailDomains,
      ]),
    );
    const known: { id: string }[] = await this.database.tenant(tenant.id, (tx) =>
      tx.query(FIND_USERS, [users.map((user) => user.id)]),
    );
    const missing = users.filter((user) => !known.some((row) => row.id === user.id));
    if (missing.length > 0) await this.people.setUp(tenant.id, missing);
  }
}
