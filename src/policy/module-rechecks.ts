import { AuditLog } from '#audit';
import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { Notices } from '#libs/redis';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { issueText, ModuleChecker } from './modules/index.ts';
import { raiseRevision } from './policies.ts';
import * as sql from './policy.sql.ts';

type Unchecked = Pick<sql.PolicyRow, 'id' | 'domain' | 'rego'>;

/**
 * Checks stored modules again where the product's own check or library has changed since, in the background. One that no
 * longer passes is left out of the bundle, so that it cannot spoil it, and denies whatever it would have a say in until
 * somebody mends it. The outcome is a change of policy: with a version, an audit entry and a revision.
 */
@Injectable()
export class ModuleRechecks implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('policy');
  private running: Promise<void> | undefined;
  private done = false;
  private stopped = false;

  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly checker: ModuleChecker,
    private readonly clock: Clock,
    private readonly notices: Notices,
  ) {}

  onApplicationBootstrap(): void {
    void this.goOn();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** Until everything has been looked at once: the program or the database may have been away. */
  @Interval(30_000)
  async goOn(): Promise<void> {
    if (this.done || this.stopped || this.running) return;
    this.running = this.recheck().then(
      () => void (this.done = true),
      (error: unknown) => this.log.warn(`stored Rego modules are not checked again yet: ${(error as Error).message}`),
    );
    await this.running;
    this.running = undefined;
  }

  /** Looks at every active module that was last checked otherwise than now. */
  async recheck(): Promise<void> {
    const tenants: { tenant_id: string }[] = await this.database.system((tx) => tx.query(sql.REVISIONS));
    let fingerprint: string | undefined;
    for (const { tenant_id: tenantId } of tenants) {
      if (!(await this.hasModules(tenantId))) continue;
      fingerprint ??= await this.checker.fingerprint();
      const modules: Unchecked[] = await this.database.tenant(tenantId, (tx) =>
        tx.query(sql.MODULES_TO_CHECK, [fingerprint]),
      );
      for (const module of modules) {
        if (this.stopped) return;
        const [issue] = await this.checker.check(module.domain, module.rego!);
        await this.note(tenantId, module, fingerprint, issue ? issueText(issue) : null);
      }
    }
  }

  /** The modules of a tenant that are not loaded, each with what is wrong. */
  async faulty(tenantId: string): Promise<string[]> {
    const rows: Pick<sql.PolicyRow, 'name' | 'scope' | 'scope_id' | 'module_fault'>[] = await this.database.tenant(
      tenantId,
      (tx) => tx.query(sql.FAULTY_MODULES),
    );
    return rows.map((row) => `"${row.name}" of ${row.scope} "${row.scope_id}": ${row.module_fault}`);
  }

  private async hasModules(tenantId: string): Promise<boolean> {
    const rows: Unchecked[] = await this.database.tenant(tenantId, (tx) => tx.query(sql.MODULES_TO_CHECK, ['']));
    return rows.length > 0;
  }

  private async note(tenantId: string, module: Unchecked, fingerprint: string, issue: string | null): Promise<void> {
    const fault = issue === null ? null : `its module no longer passes the check: ${issue}`;
    const revision = await this.database.tenant(tenantId, async (tx) => {
      await tx.query(sql.LOCK_REVISION, [tenantId]);
      const [rows]: [(sql.PolicyRow & { fault_before: string | null })[], number] = await tx.query(sql.MODULE_CHECKED, [
        module.id,
        module.rego,
        fingerprint,
        fault,
      ]);
      const [row] = rows;
      if (!row || row.fault_before === fault) return null;
      const raised = await raiseRevision(tx, tenantId);
      const reason = fault ?? 'its module passes the check again';
      const now = new Date(this.clock.now());
      const { id, version, status } = row;
      await tx.query(sql.ADD_VERSION, [tenantId, id, version, status, null, row.rego, 'system', now, reason, raised]);
      await this.audit.appendWithin(tx, {
        tenantId,
        actor: 'system',
        actionType: 'policy_change',
        actionDetail: {
          operation: 'policies.recheck',
          policyId: id,
          scope: row.scope,
          scopeId: row.scope_id,
          domain: row.domain,
          name: row.name,
          version,
          status,
          problem: fault,
          revision: raised,
        },
        policyApplied: `${row.name} ${version}`,
        policyReason: reason,
        outcome: fault === null ? 'success' : 'error',
      });
      const says = `policy ${id}, "${row.name}" of ${row.scope} "${row.scope_id}" in tenant ${tenantId}: ${reason}`;
      if (fault === null) this.log.log(says);
      else this.log.error(`${says}. What it would have a say in is denied`);
      return raised;
    });
    if (revision !== null) this.notices.publish('policy.changed', { tenantId, revision });
  }
}
