import { AuditLog } from '#audit';
import { adminEntry, People } from '#identity';
import { type Principal, principalName } from '#libs/access';
import { Clock } from '#libs/clock';
import { Database, isConflict, type Transaction } from '#libs/database';
import { invalid, Problem } from '#libs/http';
import { Notices } from '#libs/redis';
import { Injectable } from '@nestjs/common';
import semver from 'semver';
import { ulid } from 'ulid';
import { locate, type Place, placeKey, requireMayWrite } from './place.ts';
import { noSuchPolicy, PolicyReader, type PolicyView, toView } from './policy-reader.ts';
import type { NewPolicy, PolicyChange } from './policy.schema.ts';
import { type CheckedPolicy, PolicyTexts } from './policy-texts.ts';
import * as sql from './policy.sql.ts';
import { findWidening, type Domain } from './rules/index.ts';

/** A change that has been committed, and the revision of the tenant's bundle that carries it (null for a draft). */
export interface Committed {
  readonly policy: PolicyView;
  readonly revision: number | null;
}

/** Changes of policies; every earlier version is kept. A change commits with its audit entry and the new bundle revision. */
@Injectable()
export class Policies {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly people: People,
    private readonly clock: Clock,
    private readonly notices: Notices,
    private readonly texts: PolicyTexts,
    private readonly reader: PolicyReader,
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

  /** Looked up before the transaction, which must not wait for a second connection. Neither place nor domain ever change. */
  private async writable(principal: Principal, id: string): Promise<{ place: Place; domain: Domain }> {
    const row = await this.reader.find(principal.tenantId, id);
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

export async function raiseRevision(tx: Transaction, tenantId: string): Promise<number> {
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

function columnsOf({ content, document, rego, module_check, module_fault }: CheckedPolicy): (string | null)[] {
  return [content, document === null ? null : JSON.stringify(document), rego, module_check, module_fault];
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
