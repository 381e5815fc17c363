import type { Provider, Type } from '@nestjs/common';
import { ApprovalsDecide } from './approvals-decide.ts';
import { AuditAppend } from './audit-append.ts';
import { LIVE_METHODS, type LiveMethod } from './method.ts';
import { Ping } from './ping.ts';
import { PolicyEvaluate } from './policy-evaluate.ts';
import { SessionsList } from './sessions-list.ts';
import { SessionsSend } from './sessions-send.ts';

export * from './method.ts';

const METHODS: readonly Type<LiveMethod>[] = [
  PolicyEvaluate,
  AuditAppend,
  ApprovalsDecide,
  SessionsSend,
  SessionsList,
  Ping,
];

/** Every method, and the table of them. */
export const METHOD_PROVIDERS: Provider[] = [
  ...METHODS,
  {
    provide: LIVE_METHODS,
    inject: [...METHODS],
    useFactory: (...methods: LiveMethod[]) => new Map(methods.map((method) => [method.name, method])),
  },
];
