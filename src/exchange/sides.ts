import type { DirectoryPerson } from '#identity';
import type { Principal } from '#libs/access';
import { type Classification, toClassification } from '#libs/classification';
import { Problem } from '#libs/http';
import { type DecisionAnswer, Evaluator } from '#policy';
import { Injectable } from '@nestjs/common';
import { DEFAULT_ROUNDS, type ExchangeType, type Side } from './rules/index.ts';

/** An exchange as policy is asked about it. */
export interface AskedExchange {
  readonly type: ExchangeType;
  readonly crossOrg: boolean;
  /** Of what would go over first: the text without the parts that can stay back. */
  readonly classification: Classification;
}

/** Asks policy for both people. Each decision is in the audit log of the person whom it is about. */
@Injectable()
export class Sides {
  constructor(private readonly evaluator: Evaluator) {}

  /** @throws Problem `policy_engine_unreachable`, after which to try again */
  async ask(
    caller: Principal,
    sender: DirectoryPerson,
    receiver: DirectoryPerson,
    { type, crossOrg, classification }: AskedExchange,
    requestId: string,
  ): Promise<{ sender: Side; receiver: Side }> {
    const context = (label: Classification) => ({
      feature: 'ocip_exchange',
      // Without the round: beyond the limit people take over, which is not a denial.
      exchange: { type, cross_org: crossOrg, classification: label },
    });
    const receiving: Principal = { kind: 'person', tenantId: receiver.tenantId, person: receiver, via: 'token' };
    const [sends, receives] = await Promise.all([
      this.evaluator.evaluate(
        caller,
        {
          action: 'sessions_send',
          ...(caller.kind === 'agent' ? { subject: { userId: sender.id } } : {}),
          context: context(classification),
        },
        requestId,
      ),
      // How much may be shared is the sender's policy alone.
      this.evaluator.evaluate(
        receiving,
        { action: 'sessions_receive', context: context('public') },
        requestId,
        'system',
      ),
    ]);
    if ([sends, receives].some(({ reason }) => reason === 'policy_engine_unreachable')) {
      const detail = 'The policy engine cannot be asked now, so nothing was sent. Try again.';
      throw new Problem('policy_engine_unreachable', detail, { retryAfter: 2 });
    }
    return { sender: sideOf(sends), receiver: sideOf(receives) };
  }
}

function sideOf({ decision, reason, constraints }: DecisionAnswer): Side {
  const limits = (constraints['agent-to-agent'] ?? {}) as Record<string, unknown>;
  const label = limits.max_classification_shared;
  return {
    allowed: decision !== 'deny',
    reason,
    needsPerson: decision === 'require_approval',
    maxRounds: typeof limits.max_rounds === 'number' ? limits.max_rounds : DEFAULT_ROUNDS,
    maxClassification: label === undefined ? undefined : toClassification(label),
  };
}
