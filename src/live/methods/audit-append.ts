import { APPEND, type AppendBody, ReceivedEntries } from '#audit';
import { Injectable } from '@nestjs/common';
import type { LiveCall, LiveMethod } from './method.ts';

/** As `POST /audit`: answers when the entries are durable. */
@Injectable()
export class AuditAppend implements LiveMethod<AppendBody> {
  readonly name = 'audit.append';
  readonly permission = 'audit:append';
  readonly limit = 'audit_appends';
  readonly params = APPEND;

  constructor(private readonly entries: ReceivedEntries) {}

  handle({ principal, session, requestId }: LiveCall, params: AppendBody): Promise<unknown> {
    const { userId } = session;
    const body =
      'entries' in params ? { entries: params.entries.map((entry) => ({ userId, ...entry })) } : { userId, ...params };
    return this.entries.append(principal, body, requestId);
  }
}
