import { AuditLog } from '#audit';
import { adminEntry, type DirectoryPerson, People } from '#identity';
import { type Principal, principalName, reachOf, reaches } from '#libs/access';
import { Clock } from '#libs/clock';
import { Database, isConflict, type Transaction } from '#libs/database';
import { invalid, Problem } from '#libs/http';
import { Notices } from '#libs/redis';
import { Injectable } from '@nestjs/common';
import semver from 'semver';
import { ulid } from 'ulid';
import { locate, pathOf, type Place, placeKey, requireMayWrite } from './place.ts';
import type { NewPolicy, PolicyChange, PolicyList } from './policy.schema.ts';
import { type CheckedPolicy, PolicyTexts } from './policy-texts.ts';
import * as sql from './policy.sql.ts';
import { effectivePolicy, type EffectivePolicy, findWidening, type Domain } from './rules/index.ts';

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
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly changeReason: string;
}

/** A change that has been committed, and the revision of the tenant's bundle that carries it (null for a draft). */
export interface Committed {
  readonly policy: PolicyView;
  readonly revision: number | null;
}

/** Policies with every earlier version. A change commits with its audit entry and the new bundle revision. */
@Injectable()
export class Policies {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly people: People,
    private readonly clock: Clock,
    private readonly notices: Notices,
    private readonly texts: PolicyTexts,
  ) {}

  async create(principal: Principal, input: NewPolicy, requestId: string): Promise<Committed> {
    const place = await locate(this.people, principal.tenantId, input.scope, input.scopeId);
    requireMayWrite(principal, place);
    const checked = await this.texts.check(input.domain, input);
    return this.commit(principal, requestId, 'create', input.changeReason, async (tx) => {
      await refuseWidening(tx, place, input.domain, checked);
      const now = this.clock.now();
      const [row]: sql.PolicyRow[] = await tx.query(sql.INSERT_POLICY, [
        principal.tenantId,
        ulid(now),
        input.scope,
        input.scopeId,
        input.domain,
        input.name,
        input.version,
        input.status,
        ...columnsOf(checked),
        principalName(principal),
        new Date(now),
        input.changeReason,
      ]);
      return { row: row!, wasActive: false };
    });
  }

  /** @param expectedVersion from `If-Match`; undefined where the caller did not say */
  async change(
    principal: Principal,
    id: string,
    input: PolicyChange,
    expectedVersion: string | undefined,
    requestId: string,
  ): Promise<Committed> {
    const { place, domain } = await this.writable(principal, id);
    const checked = await this.texts.check(domain, input);
    return this.commit(principal, requestId, 'change', input.changeReason, async (tx) => {
      const [before]: sql.PolicyRow[] = await tx.query(sql.FIND_POLICY, [id]);
      if (!before) throw noSuchPolicy(id);
      if (before.status === 'deprecated')
        throw new Problem('conflict', 'A deprecated policy cannot be changed. Create a new one.');
      if (expectedVersion !== undefined && expectedVersion !== before.version) {
        throw new Problem(
          'precondition_failed',
          `If-Match names version ${expectedVersion}; the policy is at ${before.version}.`,
        );
      }
      if (!semver.gt(input.version, before.version)) {
        throw invalid('version', `"${input.version}" must be higher than the present version "${before.version}"`);
      }
      await refuseWidening(tx, place, domain, checked);
      const row = await update(tx, id, {
        version: input.version,
        status: input.status ?? before.status,
        text: checked,
        now: this.clock.now(),
        reason: input.changeReason,
      });
      return { row, wasActive: before.status === 'active' };
    });
  }

  /** A policy is never deleted: deprecated, it no longer decides and can still be read. Doing it twice is fine. */
  async deprecate(principal: Principal, id: string, reason: string, requestId: string): Promise<Committed> {
    await this.writable(principal, id);
    return this.commit(principal, requestId, 'deprecate', reason, async (tx) => {
      const [before]: sql.PolicyRow[] = await tx.query(sql.FIND_POLICY, [id]);
      if (!before) throw noSuchPolicy(id);
      const row = await update(tx, id, {
        version: before.version,
        status: 'deprecated',
        text: before,
        now: this.clock.now(),
        reason,
      });
      return { row, wasActive: before.status === 'active' };
    });
  }

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

  private async find(tenantId: string, id: string): Promise<sql.PolicyRow> {
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

  /** Looked up before the transaction, which must not wait for a second connection. Neither place nor domain ever change. */
  private async writable(principal: Principal, id: string): Promise<{ place: Place; domain: Domain }> {
    const row = await this.find(principal.tenantId, id);
    const place = await locate(this.people, principal.tenantId, row.scope, row.scope_id);
    requireMayWrite(principal, place);
    return { place, domain: row.domain };
  }

  /** One transaction: the tenant's lock, the change, its version, its audit entry and, if it decides, the new revision. */
  private async commit(
    principal: Principal,
    requestId: string,
    operation: string,
    reason: string,
    work: (tx: Transaction) => Promise<{ row: sql.PolicyRow; wasActive: boolean }>,
  ): Promise<Committed> {
    const { tenantId } = principal;
    const committed = await this.database
      .tenant(tenantId, async (tx) => {
        const [locked]: { revision: string }[] = await tx.query(sql.LOCK_REVISION, [tenantId]);
        const { row, wasActive } = await work(tx);
        const decides = wasActive || row.status === 'active';
        const revision = decides ? await raiseRevision(tx, tenantId) : Number(locked!.revision);
        await tx.query(sql.ADD_VERSION, [
          tenantId,
          row.id,
          row.version,
          row.status,
          row.content,
          row.rego,
          principalName(principal),
          row.updated_at,
          reason,
          revision,
        ]);
        await this.audit.appendWithin(tx, {
          ...adminEntry(principal, requestId, `policies.${operation}`, {
            policyId: row.id,
            scope: row.scope,
            scopeId: row.scope_id,
            domain: row.domain,
            name: row.name,
            version: row.version,
            status: row.status,
            changeReason: reason,
            revision,
          }),
          actionType: 'policy_change',
          policyApplied: `${row.name} ${row.version}`,
        });
        return { policy: toView(row), revision: decides ? revision : null };
      })
      .catch((error: unknown) => {
        if (isConflict(error)) {
          throw new Problem(
            'conflict',
            'A policy with this name exists already for this domain and scope. Change it, or choose another name.',
          );
        }
        throw error;
      });
    if (committed.revision !== null) this.notices.publish('policy.changed', { tenantId, revision: committed.revision });
    return committed;
  }
}

async function raiseRevision(tx: Transaction, tenantId: string): Promise<number> {
  const [rows]: [{ revision: string }[], number] = await tx.query(sql.RAISE_REVISION, [tenantId]);
  return Number(rows[0]!.revision);
}

async function update(
  tx: Transaction,
  id: string,
  to: { version: string; status: string; text: CheckedPolicy; now: number; reason: string },
): Promise<sql.PolicyRow> {
  const [rows]: [sql.PolicyRow[], number] = await tx.query(sql.UPDATE_POLICY, [
    id,
    to.version,
    to.status,
    ...columnsOf(to.text),
    new Date(to.now),
    to.reason,
  ]);
  return rows[0]!;
}

function columnsOf({ content, document, rego }: CheckedPolicy): (string | null)[] {
  return [content, document === null ? null : JSON.stringify(document), rego];
}

function textOf({ content, rego }: Pick<sql.PolicyRow, 'content' | 'rego'>): { content: string } | { rego: string } {
  return rego === null ? { content: content! } : { rego };
}

/** A module needs no such check: whatever it says is only ever added to what the scopes above say. */
export async function refuseWidening(
  tx: Transaction,
  place: Place,
  domain: Domain,
  { document }: CheckedPolicy,
): Promise<void> {
  if (place.above.length === 0 || document === null) return;
  const rows: sql.PolicyRow[] = await tx.query(sql.ACTIVE_POLICIES_AT, [place.above.map(placeKey)]);
  const violations = findWidening(domain, document as never, sql.documentsOf(rows));
  const [first] = violations;
  if (!first) return;
  throw new Problem(
    'POLICY_HIERARCHY_VIOLATION',
    `${first.field}: ${JSON.stringify(first.value)} is wider than ${JSON.stringify(first.parentValue)}, which policy ` +
      `"${first.parentPolicy.name}" of ${first.parentPolicy.scope} "${first.parentPolicy.scopeId}" allows.`,
    {
      errors: violations.map((violation) => ({
        path: `content.${violation.field}`,
        message: `${JSON.stringify(violation.value)} is wider than ${JSON.stringify(violation.parentValue)}`,
      })),
      members: { violations },
    },
  );
}

/** What a caller may read: policies on their own path, and those of everybody inside their reach. */
function visiblePlaces(principal: Principal) {
  const reach = reachOf(principal);
  if (reach.all) return { all: true, places: [] as string[], orgIds: [] as string[], teamIds: [] as string[] };
  const places = principal.kind === 'person' ? pathOf(principal.person).map(placeKey) : [];
  return { all: false, places, orgIds: [...reach.orgIds], teamIds: [...reach.teamIds] };
}

function noSuchPolicy(id: string): Problem {
  return new Problem('not_found', `There is no policy "${id}".`);
}

function toView(row: sql.PolicyRow): PolicyView {
  return {
    id: row.id,
    scope: row.scope,
    scopeId: row.scope_id,
    domain: row.domain,
    name: row.name,
    version: row.version,
    status: row.status,
    ...textOf(row),
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    changeReason: row.change_reason,
  };
}
