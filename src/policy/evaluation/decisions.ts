import { type AuditEntry, AuditReader } from '#audit';
import { mayActFor, type Principal, reachOf } from '#libs/access';
import { Problem } from '#libs/http';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AUTONOMY, DECISIONS, DOMAINS, SCOPES } from '../rules/index.ts';
import { explain, type RecordedDecision } from './explanation.ts';

/** Recorded decisions, read back from the audit log: the decision's id is its entry's. */
@Injectable()
export class Decisions {
  constructor(private readonly audit: AuditReader) {}

  /** @throws Problem `not_found`, also for what lies outside the caller's reach */
  async explain(caller: Principal, id: string) {
    const entry = await this.find(caller, id);
    // Callers of POST /audit may write entries of this type too, with any detail: those are no decisions of ours.
    const detail = DETAIL.safeParse(entry?.actionDetail).data;
    if (entry?.actionType !== 'policy_decision' || !entry.policyResult || !detail)
      throw new Problem('not_found', `There is no decision "${id}" that you may read.`);
    const record: RecordedDecision = {
      userId: entry.userId ?? detail.subject.userId,
      action: detail.action,
      decision: entry.policyResult,
      autonomy: detail.autonomy,
      reason: entry.policyReason ?? '',
      classification: entry.dataClassification,
      domains: detail.domains,
      policies: detail.policies,
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
      scopes: detail.domains,
      policies: detail.policies,
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
const autonomy = z.enum(AUTONOMY);
const verdict = { autonomy, verdict: z.enum(DECISIONS) };
const placed = { scope: z.enum(SCOPES), scopeId: z.string() };
const reference = { id: z.string(), name: z.string(), version: z.string(), ...placed };
const DETAIL = z.object({
  action: z.string(),
  subject: z.object({ userId: z.string() }),
  resource: z.unknown().optional(),
  context: z.unknown().optional(),
  autonomy,
  constraints: z.record(z.string(), z.unknown()),
  obligations: z.object({ disclosure: z.boolean(), notify: z.boolean() }),
  policies: z.array(z.object({ ...reference, ...verdict, domain: z.enum(DOMAINS) })),
  domains: z.array(
    z.object({
      domain: z.enum(DOMAINS),
      autonomy,
      default: z.boolean(),
      scopes: z.array(z.object({ ...placed, ...verdict, reason: z.string() })),
    }),
  ),
  revision: z.string().nullable(),
});
