import { type NewEntry, AuditLog } from '#audit';
import type { DirectoryPerson } from '#identity';
import type { Principal } from '#libs/access';
import { type Classification } from '#libs/classification';
import { Problem } from '#libs/http';
import { type DecisionAnswer, Evaluator } from '#policy';
import { Injectable } from '@nestjs/common';
import type { ConnectorRow } from '../connectors.sql.ts';
import type { Repeatable } from './operation-id.ts';

/** For whom an operation runs, who asked for it, and in which request. */
export interface Errand {
  readonly person: DirectoryPerson;
  readonly principal: Principal;
  /** As the audit log names whoever asked: `user:alice`, `agent:01J…`, `system`. */
  readonly actor: string;
  readonly requestId: string;
  /** The approval by which a person has said yes to this very thing: where policy asks for one, it has it. */
  readonly approval?: string | undefined;
  /** Where the same write may come again, after a crash for example. */
  readonly repeatable?: Repeatable | undefined;
}

/** What a step of an operation did, for the audit log. */
export interface Deed {
  readonly type: NewEntry['actionType'];
  readonly action: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly outcome: NewEntry['outcome'];
  readonly labels?: readonly Classification[];
  readonly decision?: DecisionAnswer | undefined;
}

/** Policy and audit round what connectors do. */
@Injectable()
export class Gate {
  constructor(
    private readonly evaluator: Evaluator,
    private readonly audit: AuditLog,
  ) {}

  /** The decision, in the audit log before it is known. */
  decide(
    errand: Errand,
    row: ConnectorRow,
    action: string,
    resource: { readonly type?: string; readonly classification?: Classification } = {},
  ): Promise<DecisionAnswer> {
    const { principal, person, requestId, actor } = errand;
    const subject = principal.kind === 'agent' ? { subject: { userId: person.id } } : {};
    return this.evaluator.evaluate(
      principal,
      { action, ...subject, resource: { connector: row.type, ...resource } },
      requestId,
      actor,
    );
  }

  /**
   * As {@link decide}.
   * @throws Problem `forbidden`, with the decision's id, where it is no `allow`, nor `require_approval` with an approval
   */
  async pass(...asked: Parameters<Gate['decide']>): Promise<DecisionAnswer> {
    const decision = await this.decide(...asked);
    const isApproved = decision.decision === 'require_approval' && asked[0].approval !== undefined;
    if (decision.decision !== 'allow' && !isApproved) throw refusal(decision);
    return decision;
  }

  /** @returns the entry's id, when it is durable */
  async record({ person, actor, requestId, approval }: Errand, row: ConnectorRow, deed: Deed): Promise<string> {
    const labels = [...new Set(deed.labels ?? [])];
    const { id } = await this.audit.append({
      tenantId: person.tenantId,
      userId: person.id,
      orgId: person.orgId,
      teamIds: person.teamIds,
      actor,
      actionType: deed.type,
      actionDetail: {
        connector: row.type,
        connectorId: row.id,
        action: deed.action,
        ...(approval ? { approval } : {}),
        ...deed.detail,
      },
      dataAccessed: labels.map((classification) => ({ source: row.type, classification, purpose: deed.action })),
      dataClassification: labels.length > 0 ? labels.reduce((a, b) => (RANK[b] > RANK[a] ? b : a)) : null,
      ...(deed.decision
        ? {
            policyApplied: deed.decision.policies.map(({ name, version }) => `${name} ${version}`).slice(0, 20),
            policyResult: deed.decision.decision,
            policyReason: deed.decision.reason,
          }
        : {}),
      outcome: deed.outcome,
      requestId,
    });
    return id;
  }
}

const RANK: Readonly<Record<Classification, number>> = { public: 0, internal: 1, confidential: 2, restricted: 3 };

export function refusal({ decision, decisionId, reason }: DecisionAnswer): Problem {
  const members = { members: { decisionId, decision } };
  return decision === 'require_approval'
    ? new Problem('forbidden', `A person has to approve this first (decision ${decisionId}): ${reason}`, members)
    : new Problem('forbidden', `Policy does not allow this (decision ${decisionId}): ${reason}`, members);
}
