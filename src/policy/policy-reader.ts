import { type DirectoryPerson, People } from '#identity';
import { type Principal, reachOf, reaches } from '#libs/access';
import { Database } from '#libs/database';
import { invalid, Problem } from '#libs/http';
import { Injectable } from '@nestjs/common';
import { locate, pathOf, placeKey } from './place.ts';
import type { PolicyList } from './policy.schema.ts';
import * as sql from './policy.sql.ts';
import { type Domain, effectivePolicy, type EffectivePolicy } from './rules/index.ts';

export interface PolicyView {
  readonly id: string;
  readonly scope: string;
  readonly scopeId: string;
  readonly domain: Domain;
  readonly name: string;
  readonly version: string;
  readonly status: sql.PolicyStatus;
  /** A rules document, or else a Rego module. */
  readonly content?: string;
  readonly rego?: string;
  /** Why a module is not loaded, and denies what it would have a say in. */
  readonly problem?: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly changeReason: string;
}

/** Policies as callers may read them: those that apply to them, and those inside their reach. */
@Injectable()
export class PolicyReader {
  constructor(
    private readonly database: Database,
    private readonly people: People,
  ) {}

  async list(principal: Principal, list: PolicyList): Promise<{ items: PolicyView[]; nextCursor: string | null }> {
    const sees = visiblePlaces(principal);
    const rows: sql.PolicyRow[] = await this.database.tenant(principal.tenantId, (tx) =>
      tx.query(sql.LIST_POLICIES, [
        list.scope ?? null,
        list.scopeId ?? null,
        list.domain ?? null,
        list.status ?? null,
        list.cursor ?? null,
        sees.all,
        sees.places,
        list.limit + 1,
        sees.orgIds,
        sees.teamIds,
      ]),
    );
    const items = rows.slice(0, list.limit).map(toView);
    return { items, nextCursor: rows.length > list.limit ? (items[items.length - 1]?.id ?? null) : null };
  }

  /** @throws Problem `not_found`, `forbidden` */
  async get(principal: Principal, id: string): Promise<PolicyView> {
    return toView(await this.readable(principal, id));
  }

  async versions(principal: Principal, id: string): Promise<{ items: unknown[]; nextCursor: null }> {
    await this.readable(principal, id);
    const rows: sql.VersionRow[] = await this.database.tenant(principal.tenantId, (tx) => tx.query(sql.VERSIONS, [id]));
    const items = rows.map((row) => ({
      version: row.version,
      status: row.status,
      ...textOf(row),
      changedBy: row.changed_by,
      changedAt: row.changed_at.toISOString(),
      changeReason: row.change_reason,
      revision: Number(row.revision),
    }));
    return { items, nextCursor: null };
  }

  /** What holds for a person, which policy each value comes from, and which modules decide beside them. */
  async effective(
    principal: Principal,
    userId: string | undefined,
  ): Promise<{ userId: string; path: unknown; domains: EffectivePolicy; modules: unknown[] }> {
    const person = await this.personInReach(principal, userId);
    const path = pathOf(person);
    const rows: sql.PolicyRow[] = await this.database.tenant(principal.tenantId, (tx) =>
      tx.query(sql.ACTIVE_POLICIES_AT, [path.map(placeKey)]),
    );
    const modules = sql.modulesOf(rows).map(({ id, name, scope, scopeId, version, domain }) => ({
      policyId: id,
      name,
      scope,
      scopeId,
      version,
      domain,
    }));
    return { userId: person.id, path, domains: effectivePolicy(sql.documentsOf(rows)), modules };
  }

  private async personInReach(principal: Principal, userId: string | undefined): Promise<DirectoryPerson> {
    const id = userId ?? (principal.kind === 'person' ? principal.person.id : undefined);
    if (id === undefined) throw invalid('userId', 'is required');
    const person = await this.people.find(principal.tenantId, id);
    if (!person || !reaches(reachOf(principal), person)) throw new Problem('not_found', `There is no user "${id}".`);
    return person;
  }

  /** @throws Problem `not_found` */
  async find(tenantId: string, id: string): Promise<sql.PolicyRow> {
    const [row]: sql.PolicyRow[] = await this.database.tenant(tenantId, (tx) => tx.query(sql.FIND_POLICY, [id]));
    if (!row) throw noSuchPolicy(id);
    return row;
  }

  private async readable(principal: Principal, id: string): Promise<sql.PolicyRow> {
    const row = await this.find(principal.tenantId, id);
    const sees = visiblePlaces(principal);
    if (sees.all || sees.places.includes(`${row.scope}:${row.scope_id}`)) return row;
    const place = await locate(this.people, principal.tenantId, row.scope, row.scope_id).catch(() => undefined);
    if (place) {
      const inOrg = place.orgId !== null && sees.orgIds.includes(place.orgId);
      if (inOrg || place.teamIds.some((team) => sees.teamIds.includes(team))) return row;
    }
    throw new Problem('forbidden', `Policy "${id}" is of ${row.scope} "${row.scope_id}", which is not yours to read.`);
  }
}

function textOf({ content, rego }: Pick<sql.PolicyRow, 'content' | 'rego'>): { content: string } | { rego: string } {
  return rego === null ? { content: content! } : { rego };
}

/** What a caller may read: policies on their own path, and those of everybody inside their reach. */
function visiblePlaces(principal: Principal) {
  const reach = reachOf(principal);
  if (reach.all) return { all: true, places: [] as string[], orgIds: [] as string[], teamIds: [] as string[] };
  const places = principal.kind === 'person' ? pathOf(principal.person).map(placeKey) : [];
  return { all: false, places, orgIds: [...reach.orgIds], teamIds: [...reach.teamIds] };
}

export function noSuchPolicy(id: string): Problem {
  return new Problem('not_found', `There is no policy "${id}".`);
}

export function toView(row: sql.PolicyRow): PolicyView {
  return {
    id: row.id,
    scope: row.scope,
    scopeId: row.scope_id,
    domain: row.domain,
    name: row.name,
    version: row.version,
    status: row.status,
    ...textOf(row),
    ...(row.module_fault ? { problem: row.module_fault } : {}),
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    changeReason: row.change_reason,
  };
}
