import { type Evaluation, EVALUATION, Evaluator } from '#policy';
import { Injectable } from '@nestjs/common';
import type { LiveCall, LiveMethod } from './method.ts';

/** As `POST /policy/evaluate`; an assistant that names nobody asks for the person it is connected for. */
@Injectable()
export class PolicyEvaluate implements LiveMethod<Evaluation> {
  readonly name = 'policy.evaluate';
  readonly permission = 'policy:evaluate';
  readonly limit = 'evaluations';
  readonly params = EVALUATION;

  constructor(private readonly evaluator: Evaluator) {}

  handle({ principal, session, requestId }: LiveCall, params: Evaluation): Promise<unknown> {
    const subject = params.subject ?? { userId: session.userId };
    return this.evaluator.evaluate(principal, { ...params, subject }, requestId);
  }
}
