import type { DirectoryPerson } from '#identity';
import { asCaller, type Principal } from '#libs/access';
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
    asked: AskedExchange,
    requestId: string,
  ): Promise<{ sender: Side; receiver: Side }> {
    const sending = { ...request(true, asked), ...(caller.kind === 'agent' ? { subject: { userId: sender.id } } : {}) };
    const [sends, receives] = await Promise.all([
      this.evaluator.evaluate(caller, sending, requestId),
      this.evaluator.evaluate(asCaller(receiver), request(false, asked), requestId, 'system'),
    ]);
    return { sender: sideOf(reached(sends)), receiver: sideOf(reached(receives)) };
  }

  /** For one person once more, later. @throws Problem `policy_engine_unreachable` */
  async again(person: Principal, sends: boolean, asked: AskedExchange, requestId: string): Promise<DecisionAnswer> {
    return reached(await this.evaluator.evaluate(person, request(sends, asked), requestId));
  }
}

/** Without the round: beyond the limit people take over, which is not a denial. How much may be shared is the sender's policy. */
function request(sends: boolean, { type, crossOrg, classification }: AskedExchange) {
  const exchange = { type, cross_org: crossOrg, classification: sends ? classification : 'public' };
  return { action: sends ? 'sessions_send' : 'sessions_receive', context: { feature: 'ocip_exchange', exchange } };
}

function reached(answer: DecisionAnswer): DecisionAnswer {
  if (answer.reason !== 'policy_engine_unreachable') return answer;
  const detail = 'The policy engine cannot be asked now, so nothing was done. Try again.';
  throw new Problem('policy_engine_unreachable', detail, { retryAfter: 2 });
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
