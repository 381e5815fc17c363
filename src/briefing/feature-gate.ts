import type { DirectoryPerson } from '#identity';
import { asCaller } from '#libs/access';
import { Problem } from '#libs/http';
import { Evaluator } from '#policy';
import { Injectable } from '@nestjs/common';

export type GatedFeature = 'briefing_generation' | 'task_intelligence';
export type GatedAction = 'briefing_generate' | 'task_read' | 'task_update';

/** Who wants something: `actor` as the audit log names it. */
export interface AskedBy {
  readonly actor: string;
  readonly requestId: string;
}

/** Policy before tasks and briefings. What it decides is in the audit log before anything is done. */
@Injectable()
export class FeatureGate {
  constructor(private readonly evaluator: Evaluator) {}

  /**
   * Passes what no policy denies. That an action needs approval does not stop it: it is the person who asks, for themselves.
   * @throws Problem `forbidden` with the reason and the decision's id; `policy_engine_unreachable`, after which to try again
   */
  async pass(
    person: DirectoryPerson,
    action: GatedAction,
    features: readonly GatedFeature[],
    { actor, requestId }: AskedBy,
  ): Promise<void> {
    const requests = features.map((feature) => ({ action, context: { feature } }));
    const decisions = await this.evaluator.evaluateAll(asCaller(person), requests, requestId, actor);
    const denied = decisions.find(({ decision }) => decision === 'deny');
    if (!denied) return;
    const members = { decisionId: denied.decisionId };
    if (denied.reason === 'policy_engine_unreachable') {
      const detail = 'The policy engine cannot be asked now, so nothing was done. Try again.';
      throw new Problem('policy_engine_unreachable', detail, { retryAfter: 2, members });
    }
    throw new Problem('forbidden', denied.reason, { members });
  }
}
