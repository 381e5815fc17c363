import { People } from '#identity';
import { type Principal, type PersonPrincipal, principalName } from '#libs/access';
import { toClassification } from '#libs/classification';
import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { invalid, Problem } from '#libs/http';
import { Decisions, type Evaluation, Evaluator } from '#policy';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Approval, EXPIRES_AFTER_MS, type NewApproval } from './approval.ts';
import { Approvals } from './approvals.ts';
import type { Ask } from './approvals.schema.ts';

/** What the engine says where it is not policy that speaks: a later try may find it well. */
const PASSING = ['policy_engine_unreachable', 'policy_module_too_slow'];

/** Where an assistant has been told `require_approval` it asks the person here, and reads the answer from the approval. */
@Injectable()
export class ToolApprovals implements OnModuleInit {
  constructor(
    private readonly approvals: Approvals,
    private readonly decisions: Decisions,
    private readonly evaluator: Evaluator,
    private readonly people: People,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.approvals.own('tool', {
      settled: async () => undefined,
      recheck: (person, approval, requestId) => this.recheck(person, approval, requestId),
    });
  }

  /**
   * Puts a recorded decision before its person; asked again it is the approval that is there.
   * @throws Problem `not_found` for decisions that the caller did not ask for, or of somebody for whom they may not speak;
   * `validation_failed` where the decision does not require approval; `conflict` where it is older than 24 hours
   */
  async ask(caller: Principal, asked: Ask, requestId: string): Promise<Approval> {
    const decision = await this.decisions.explain(caller, asked.decisionId);
    const { userId } = decision.asked.subject;
    const foreign = caller.kind === 'person' && caller.person.id !== userId;
    if (foreign || !(await this.people.find(caller.tenantId, userId)))
      throw new Problem('not_found', `There is no decision "${asked.decisionId}" that you may ask about.`);
    if (decision.decision !== 'require_approval') {
      const said = `is "${decision.decision}"; accepted: a decision "require_approval"`;
      throw invalid('decisionId', `the decision "${asked.decisionId}" ${said}`);
    }
    if (this.clock.now() - Date.parse(decision.decidedAt) > EXPIRES_AFTER_MS) {
      const detail = `The decision "${asked.decisionId}" was made at ${decision.decidedAt}, more than 24 hours ago. Ask policy again.`;
      throw new Problem('conflict', detail);
    }
    const { action } = decision.asked;
    const [resource, context] = [decision.asked.resource, decision.asked.context] as Parts;
    const wanted: NewApproval = {
      tenantId: caller.tenantId,
      userId,
      kind: 'tool',
      subject: subjectOf(action, resource),
      proposal: {
        action,
        ...(resource ? { resource } : {}),
        ...(context ? { context } : {}),
        why: decision.reason,
        ...wordsOf(caller, asked),
      },
      classification: decision.classification === null ? 'internal' : toClassification(decision.classification),
      decisionId: asked.decisionId,
      requestId,
    };
    const approval = await this.database.tenant(caller.tenantId, (tx) => this.approvals.request(tx, wanted));
    this.approvals.announce(approval);
    return approval;
  }

  /** The same question under today's policy. */
  private async recheck(person: PersonPrincipal, { proposal }: Approval, requestId: string) {
    const { action, resource, context } = proposal as Pick<Evaluation, 'action' | 'resource' | 'context'>;
    const request = { action, ...(resource ? { resource } : {}), ...(context ? { context } : {}) };
    const { decision, reason, decisionId } = await this.evaluator.evaluate(person, request, requestId);
    if (decision !== 'deny') return undefined;
    if (!PASSING.includes(reason)) return { reason, decisionId };
    const detail = 'Policy cannot be asked now, so nothing has been decided. Try again.';
    throw new Problem('policy_engine_unreachable', detail, { retryAfter: 2, members: { decisionId } });
  }
}

type Parts = [Evaluation['resource'] | null, Evaluation['context'] | null];

/** `email_send, gmail, message 18c2`, made of what policy was asked: nothing that the assistant says besides is in it. */
function subjectOf(action: string, resource: Parts[0]): string {
  const thing = [resource?.type, resource?.id].filter(Boolean).join(' ');
  const parts = [action, resource?.connector, thing.slice(0, 120)];
  return parts.filter(Boolean).join(', ');
}

/** What whoever asks says of it, marked as no more than that. */
function wordsOf(caller: Principal, { summary, input }: Ask): Record<string, unknown> {
  if (summary === undefined && input === undefined) return {};
  const note =
    caller.kind === 'agent'
      ? "The assistant's own words. Nobody has checked that they are true."
      : "The asker's own words. Nobody has checked that they are true.";
  const by = caller.kind === 'agent' ? { agent: caller.name } : {};
  const said = { ...(summary === undefined ? {} : { summary }), ...(input === undefined ? {} : { input }) };
  return { assistantSays: { note, by: principalName(caller), ...by, ...said } };
}
