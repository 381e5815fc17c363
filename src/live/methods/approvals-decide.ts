import { APPROVE, Approvals, REJECT } from '#approvals';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { LiveCall, LiveMethod } from './method.ts';

const ID = z.string().min(1).max(100);
const PARAMS = z.discriminatedUnion('approve', [
  APPROVE.extend({ id: ID, approve: z.literal(true) }),
  REJECT.extend({ id: ID, approve: z.literal(false) }),
]);
type Params = z.output<typeof PARAMS>;

/** As `POST /approvals/:id/approve` and `/reject`: a person's word, which no assistant can give. */
@Injectable()
export class ApprovalsDecide implements LiveMethod<Params> {
  readonly name = 'approvals.decide';
  readonly permission = 'approvals:decide';
  readonly limit = 'work';
  readonly params = PARAMS;

  constructor(private readonly approvals: Approvals) {}

  handle({ principal, requestId }: LiveCall, { id, ...decision }: Params): Promise<unknown> {
    return this.approvals.decide(principal, id, decision, requestId);
  }
}
