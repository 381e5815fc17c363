import { mayActFor, type Principal } from '#libs/access';
import { highest, toClassification } from '#libs/classification';
import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { Problem } from '#libs/http';
import { Decisions, type Evaluation, Evaluator } from '#policy';
import { Injectable } from '@nestjs/common';
import type { Approval, Verdict } from './approval.ts';
import { Approvals, WAITS_MS } from './approvals.ts';
import type { Ask } from './approvals.schema.ts';

/** Approvals of what assistants want to do: asked for by a decision, and held against the policy of the day before they count. */
@Injectable()
export class ToolApprovals {
  constructor(
    private readonly approvals: Approvals,
    private readonly decisions: Decisions,
    private readonly evaluator: Evaluator,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks the person whom a decision is about.
   * @throws Problem `not_found` for a decision that the caller may not read or that is about somebody else; `conflict` where it does
   *   not ask for an approval, or is too old
   */
  async ask(caller: Principal, { decisionId, summary }: Ask, requestId: string): Promise<Approval> {
    const made = await this.decisions.explain(caller, decisionId);
    const { userId } = made.asked.subject;
    const isFor = caller.kind === 'person' ? caller.person.id === userId : mayActFor(caller, userId);
    if (!isFor) throw new Problem('not_found', `There is no decision "${decisionId}" for which you can ask.`);
    if (made.decision !== 'require_approval')
      throw new Problem(
        'conflict',
        `The decision "${decisionId}" is "${made.decision}"; only "require_approval" is asked about.`,
      );
    if (this.clock.now() - Date.parse(made.decidedAt) > WAITS_MS)
      throw new Problem('conflict', `The decision "${decisionId}" is older than 24 hours. Ask policy again.`);
    const { action, resource, context } = made.asked;
    const approval = await this.database.tenant(caller.tenantId, (tx) =>
      this.approvals.request(tx, {
        tenantId: caller.tenantId,
        userId,
        kind: 'tool',
        subject: `Your assistant asks for ${action}`,
        proposal: {
          action,
          resource,
          context,
          reason: made.reason,
          ...(summary ? { assistantSays: summary } : {}),
        },
        classification: highest([toClassification(made.classification ?? 'internal')]) ?? 'internal',
        decisionId,
        requestId,
      }),
    );
    this.approvals.announce(approval);
    return approval;
  }

  /**
   * Decides a question of any kind. A tool call is first held against today's policy: what policy denies by now is rejected.
   * @throws Problem as `Approvals.decide`; `conflict` where policy has changed; `policy_engine_unreachable`, and then nothing is decided
   */
  async decide(caller: Principal, id: string, verdict: Verdict, requestId: string): Promise<Approval> {
    const approval = await this.approvals.find(caller, id);
    const isOwn = caller.kind === 'person' && caller.person.id === approval.userId;
    if (verdict.approve && isOwn && approval.kind === 'tool' && approval.status === 'pending')
      await this.recheck(caller, approval, requestId);
    return this.approvals.decide(caller, id, verdict, requestId);
  }

  private async recheck(caller: Principal, approval: Approval, requestId: string): Promise<void> {
    const { action, resource, context } = approval.proposal;
    const request = {
      action,
      ...(resource ? { resource } : {}),
      ...(context ? { context } : {}),
    } as Evaluation;
    const { decision, reason, decisionId } = await this.evaluator.evaluate(caller, request, requestId);
    if (decision !== 'deny') return;
    if (reason === 'policy_engine_unreachable')
      throw new Problem('policy_engine_unreachable', 'The policy engine cannot be asked now, so nothing was decided.', {
        retryAfter: 2,
      });
    await this.approvals.settle(
      approval,
      { status: 'rejected', by: 'system', reason: `Policy has come to deny it: ${reason}` },
      requestId,
    );
    const detail = `Policy has come to deny it since it was asked: ${reason}. It counts as rejected.`;
    throw new Problem('conflict', detail, { members: { decisionId } });
  }
}
