import type { DirectoryPerson } from '#identity';
import { asCaller } from '#libs/access';
import type { Classification } from '#libs/classification';
import { Problem } from '#libs/http';
import { type DecisionAnswer, Evaluator } from '#policy';
import { Injectable } from '@nestjs/common';
import { type Autonomy, moreRestrictive } from '../rules/index.ts';

/** What policy lets be done by itself at most. */
export interface Floor {
  readonly autonomy: Autonomy;
  /** The one that holds: it goes into the audit log with what is done. */
  readonly decision: DecisionAnswer;
}

export interface FloorQuestion {
  readonly channel: string;
  readonly classification: Classification;
  /** True where the reply leaves the organisation. */
  readonly isExternal: boolean;
}

/**
 * Policy before auto-responses: the feature `auto_response`, the action of that name where a policy speaks of it, and the
 * sending of mail with the reply's label and destination.
 */
@Injectable()
export class PolicyFloor {
  constructor(private readonly evaluator: Evaluator) {}

  /** @throws Problem `policy_engine_unreachable`, after which to try again */
  async ask(person: DirectoryPerson, question: FloorQuestion, requestId: string): Promise<Floor> {
    const { channel, classification, isExternal } = question;
    const context = { channel, feature: 'auto_response' };
    const decisions = await this.evaluator.evaluateAll(
      asCaller(person),
      [
        { action: 'auto_response', context, resource: { classification } },
        {
          action: 'email_send',
          context: { ...context, destination: { external: isExternal } },
          resource: { connector: 'gmail', classification },
        },
      ],
      requestId,
      'system',
    );
    if (decisions.some(({ reason }) => reason === 'policy_engine_unreachable'))
      throw new Problem('policy_engine_unreachable', 'The policy engine cannot be asked now.', { retryAfter: 2 });
    const [feature, send] = decisions as [DecisionAnswer, DecisionAnswer];
    const own = saysNothing(feature) ? send.autonomy : feature.autonomy;
    const autonomy = moreRestrictive(own, send.autonomy);
    return { autonomy, decision: autonomy === send.autonomy ? send : feature };
  }
}

/** Where no policy speaks of the action, what holds for unknown actions is no word against a feature that is turned on. */
function saysNothing({ decision, policies }: DecisionAnswer): boolean {
  return decision !== 'deny' && !policies.some(({ domain }) => domain === 'actions');
}
