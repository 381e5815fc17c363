import { type AuditEntry, AuditReader, DECISION_MARK as ENGINE } from '#audit';
import { mayActFor, type Principal, reachOf } from '#libs/access';
import { Problem } from '#libs/http';
import { Injectable } from '@nestjs/common';
import type { EngineDecision } from './decision.ts';
import { explain, type RecordedDecision } from './explanation.ts';
import { fromRecord, type RecordedSaying } from './record.ts';

/** Recorded decisions, read back from the audit log: the decision's id is its entry's. */
@Injectable()
export class Decisions {
  constructor(private readonly audit: AuditReader) {}

  /** @throws Problem `not_found`, also for what lies outside the caller's reach */
  async explain(caller: Principal, id: string) {
    const entry = await this.find(caller, id);
    const detail = detailOf(entry);
    if (!entry?.policyResult || !detail)
      throw new Problem('not_found', `There is no decision "${id}" that you may read.`);
    const { domains, policies } = fromRecord(detail);
    const record: RecordedDecision = {
      userId: entry.userId ?? detail.subject.userId,
      action: detail.action,
      decision: entry.policyResult,
      autonomy: detail.autonomy,
      reason: entry.policyReason ?? '',
      classification: entry.dataClassification,
      domains,
      policies,
      obligations: detail.obligations,
      revision: detail.revision,
    };
    return {
      decisionId: entry.id,
      decidedAt: entry.timestamp,
      explanation: explain(record),
      asked: {
        by: entry.actor,
        subject: detail.subject,
        action: detail.action,
        resource: detail.resource ?? null,
        context: detail.context ?? null,
        requestId: entry.requestId,
      },
      decision: record.decision,
      autonomy: record.autonomy,
      reason: record.reason,
      classification: record.classification,
      constraints: detail.constraints,
      obligations: detail.obligations,
      scopes: domains,
      policies,
      revision: detail.revision,
    };
  }

  private async find(caller: Principal, id: string): Promise<AuditEntry | undefined> {
    if (caller.kind === 'person') return this.audit.find(caller.tenantId, reachOf(caller), id);
    // An assistant reads what it asked for the people it acts for.
    const entry = await this.audit.find(caller.tenantId, { all: true }, id);
    const own =
      entry?.actor === `agent:${caller.tokenId}` && (entry.userId === null || mayActFor(caller, entry.userId));
    return own ? entry : undefined;
  }
}

/** What the evaluator records of a decision. */
interface Detail extends RecordedSaying {
  readonly engine: typeof ENGINE;
  readonly action: string;
  readonly subject: { readonly userId: string };
  readonly resource?: unknown;
  readonly context?: unknown;
  readonly autonomy: EngineDecision['autonomy'];
  readonly constraints: EngineDecision['constraints'];
  readonly obligations: EngineDecision['obligations'];
  readonly revision: string | null;
}

/** Callers of POST /audit may write entries of this type too, but never with this mark: those are no decisions of ours. */
function detailOf(entry: AuditEntry | undefined): Detail | undefined {
  const detail = entry?.actionType === 'policy_decision' ? (entry.actionDetail as unknown as Detail) : undefined;
  return detail?.engine === ENGINE ? detail : undefined;
}
