import { randomBytes } from 'node:crypto';
import { AuditLog } from '#audit';
import { adminEntry, type DirectoryPerson, People } from '#identity';
import { type Principal, principalName } from '#libs/access';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database, isConflict, type Transaction } from '#libs/database';
import { invalid, Problem } from '#libs/http';
import { Sealing } from '#libs/sealing';
import { Inject, Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import type { ConnectorChange, ConnectorList, NewConnector } from './connectors.schema.ts';
import * as sql from './connectors.sql.ts';
import { addressesIn, type Credentials, KINDS_OF } from './credentials.ts';
import { AddressRules } from './pipeline/address-rules.ts';
import { credentialsPlace, webhookPlace } from './pipeline/authorisations.ts';
import { CONNECTORS, type Registry } from './registry.ts';
import type { ConnectorType } from './work-item.ts';

/** A connector as people see it: never with its credentials. */
export interface ConnectorView {
  readonly id: string;
  readonly type: ConnectorType;
  /** Null: it serves everybody in the tenant who has none of their own. */
  readonly userId: string | null;
  readonly baseUrl: string | null;
  readonly credentialsKind: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly webhookUrl: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** The connections of a tenant to the systems that its people work in. Every change commits with its audit entry. */
@Injectable()
export class Connectors {
  constructor(
    private readonly database: Database,
    private readonly people: People,
    private readonly audit: AuditLog,
    private readonly sealing: Sealing,
    private readonly rules: AddressRules,
    private readonly clock: Clock,
    @Inject(CONNECTORS) private readonly registry: Registry,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  async create(
    principal: Principal,
    input: NewConnector,
    requestId: string,
  ): Promise<ConnectorView & { webhookSecret: string }> {
    const { tenantId } = principal;
    const userId = await this.ownerOf(principal, input.userId);
    const config = this.check(input.type, input);
    if (!input.baseUrl && this.registry[input.type].defaultBaseUrl === null)
      throw invalid('baseUrl', `is required for ${input.type}: it has no address of its own`);
    const place = { tenant_id: tenantId, id: ulid(this.clock.now()) };
    const webhookSecret = randomBytes(32).toString('base64url');
    const row = await this.change(principal, requestId, 'connectors.create', async (tx) => {
      const [created]: sql.ConnectorRow[] = await tx.query(sql.INSERT_CONNECTOR, [
        tenantId,
        place.id,
        input.type,
        userId,
        input.baseUrl ?? null,
        config,
        this.sealing.seal(JSON.stringify(input.credentials), credentialsPlace(place)),
        input.credentials.kind,
        this.sealing.seal(webhookSecret, webhookPlace(place)),
        principalName(principal),
        new Date(this.clock.now()),
      ]);
      if (userId !== null) await tx.query(sql.FORGET_SHARED_SYNCS, [input.type, userId]);
      const spread = userId === null ? this.settings.CONNECTOR_SYNC_INTERVAL_SECONDS : 0;
      await tx.query(sql.PLAN_SYNCS, [place.id, null, spread]);
      return created!;
    });
    return { ...this.view(row), webhookSecret };
  }

  async list(
    principal: Principal,
    list: ConnectorList,
  ): Promise<{ items: ConnectorView[]; nextCursor: string | null }> {
    const { all, orgIds, userIds } = manages(principal);
    const rows: sql.ConnectorRow[] = await this.database.tenant(principal.tenantId, (tx) =>
      tx.query(sql.LIST_CONNECTORS, [list.cursor ?? '', all, orgIds, userIds, list.limit + 1]),
    );
    const items = rows.slice(0, list.limit).map((row) => this.view(row));
    return { items, nextCursor: rows.length > list.limit ? items.at(-1)!.id : null };
  }

  async get(principal: Principal, id: string): Promise<ConnectorView> {
    return this.view(await this.visible(principal, id));
  }

  async patch(principal: Principal, id: string, change: ConnectorChange, requestId: string): Promise<ConnectorView> {
    const present = await this.managed(principal, id);
    const config = this.check(present.type, change);
    const { credentials, baseUrl } = change;
    if (baseUrl === null && this.registry[present.type].defaultBaseUrl === null)
      throw invalid('baseUrl', `is required for ${present.type}`);
    // Stored credentials must not be sent to wherever somebody points them later.
    if (baseUrl !== undefined && baseUrl !== present.base_url && !credentials)
      throw invalid('credentials', 'must be given again where baseUrl changes');
    const row = await this.change(principal, requestId, 'connectors.change', async (tx) => {
      const [[changed]]: [sql.ConnectorRow[], number] = await tx.query(sql.UPDATE_CONNECTOR, [
        id,
        baseUrl !== undefined,
        baseUrl ?? null,
        change.config === undefined ? null : config,
        credentials ? this.sealing.seal(JSON.stringify(credentials), credentialsPlace(present)) : null,
        credentials?.kind ?? null,
        new Date(this.clock.now()),
      ]);
      if (!changed) throw noSuchConnector(id);
      await tx.query(sql.HASTEN, [id, changed.user_id === null ? this.settings.CONNECTOR_SYNC_INTERVAL_SECONDS : 0]);
      return changed;
    });
    return this.view(row);
  }

  /** With everything that was found through it. */
  async remove(principal: Principal, id: string, requestId: string): Promise<void> {
    await this.managed(principal, id);
    await this.change(principal, requestId, 'connectors.delete', async (tx) => {
      const row = await find(tx, id);
      if (!row) throw noSuchConnector(id);
      await tx.query(sql.DELETE_CONNECTOR, [id]);
      return row;
    });
  }

  /** The connector, where the caller may see how it stands: their own, one that serves everybody, those in reach. */
  async visible(principal: Principal, id: string): Promise<sql.ConnectorRow> {
    const row = await this.database.tenant(principal.tenantId, (tx) => find(tx, id));
    if (!row || (row.user_id !== null && !(await this.reaches(principal, row.user_id)))) throw noSuchConnector(id);
    return row;
  }

  /** Through which one the person reaches systems of this type. @throws Problem `not_found` */
  async serving(person: DirectoryPerson, type: ConnectorType): Promise<sql.ConnectorRow> {
    const [row]: sql.ConnectorRow[] = await this.database.tenant(person.tenantId, (tx) =>
      tx.query(sql.CONNECTOR_OF_PERSON, [person.id, type]),
    );
    if (!row) throw new Problem('not_found', `No ${type} is connected for this person.`);
    return row;
  }

  private async managed(principal: Principal, id: string): Promise<sql.ConnectorRow> {
    const row = await this.visible(principal, id);
    if (row.user_id === null && !manages(principal).all)
      throw new Problem('forbidden', 'This connector serves everybody; an enterprise_admin changes it.');
    return row;
  }

  private async ownerOf(principal: Principal, userId: string | undefined): Promise<string | null> {
    if (userId === undefined) return manages(principal).all || principal.kind !== 'person' ? null : principal.person.id;
    const person = await this.people.find(principal.tenantId, userId);
    if (!person) throw invalid('userId', `"${userId}" is nobody in this tenant's directory`);
    if (!(await this.reaches(principal, userId)))
      throw new Problem('forbidden', 'You may connect systems for yourself, and for people inside your reach.');
    return userId;
  }

  private async reaches(principal: Principal, userId: string): Promise<boolean> {
    const { all, orgIds, userIds } = manages(principal);
    if (all || userIds.includes(userId)) return true;
    const person = orgIds.length > 0 ? await this.people.find(principal.tenantId, userId) : undefined;
    return person !== undefined && orgIds.includes(person.orgId);
  }

  /** @returns the settings as the connector reads them */
  private check(
    type: ConnectorType,
    given: { baseUrl?: string | null | undefined; credentials?: Credentials | undefined; config?: unknown },
  ): Record<string, unknown> {
    const { baseUrl, credentials } = given;
    if (baseUrl) {
      const refusal = this.rules.addresses.refusal(baseUrl);
      if (refusal) throw invalid('baseUrl', refusal);
    }
    if (credentials) {
      if (!KINDS_OF[type].includes(credentials.kind))
        throw invalid('credentials.kind', `${type} takes ${KINDS_OF[type].join(', ')}`);
      for (const [path, address] of addressesIn(credentials)) {
        const refusal = this.rules.addresses.refusal(address);
        if (refusal) throw invalid(path, refusal);
      }
    }
    const config = this.registry[type].config.safeParse(given.config ?? {});
    if (config.success) return config.data;
    const [issue] = config.error.issues;
    throw invalid(['config', ...(issue?.path ?? [])].join('.'), issue?.message ?? 'is not valid');
  }

  private async change(
    principal: Principal,
    requestId: string,
    operation: string,
    work: (tx: Transaction) => Promise<sql.ConnectorRow>,
  ): Promise<sql.ConnectorRow> {
    try {
      return await this.database.tenant(principal.tenantId, async (tx) => {
        const row = await work(tx);
        const { id, type, user_id: userId, base_url: baseUrl, credentials_kind: credentialsKind } = row;
        const detail = { id, type, userId, baseUrl, credentialsKind };
        await this.audit.appendWithin(tx, adminEntry(principal, requestId, operation, detail));
        return row;
      });
    } catch (error) {
      if (!isConflict(error)) throw error;
      throw new Problem(
        'conflict',
        'There is a connector of this type for this person already; change or delete that one.',
      );
    }
  }

  private view(row: sql.ConnectorRow): ConnectorView {
    return {
      id: row.id,
      type: row.type,
      userId: row.user_id,
      baseUrl: row.base_url,
      credentialsKind: row.credentials_kind,
      config: row.config,
      webhookUrl: `${this.settings.PUBLIC_URL}/api/v1/webhooks/${row.id}`,
      createdBy: row.created_by,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    };
  }
}

/** Whose connectors a caller sees and changes: one's own; the organisation's for its admin; all for the enterprise's. */
export function manages(principal: Principal): { all: boolean; orgIds: readonly string[]; userIds: readonly string[] } {
  if (principal.kind === 'agent') return { all: false, orgIds: [], userIds: [] };
  const { id, orgId, roles } = principal.person;
  return {
    all: roles.includes('enterprise_admin'),
    orgIds: roles.includes('org_admin') ? [orgId] : [],
    userIds: [id],
  };
}

async function find(tx: Transaction, id: string): Promise<sql.ConnectorRow | undefined> {
  const [row]: sql.ConnectorRow[] = await tx.query(sql.FIND_CONNECTOR, [id]);
  return row;
}

function noSuchConnector(id: string): Problem {
  return new Problem('not_found', `There is no connector "${id}".`);
}
