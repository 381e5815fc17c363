import { Directory, type Principal } from '#libs/access';
import type { IdempotentRequest } from '#libs/http';
import { Inject, Injectable } from '@nestjs/common';
import { AuditLog } from './audit-log.ts';
import { attribute } from './authorship.ts';
import { repeatableIds } from './ids.ts';
import type { AppendBody } from './schemas.ts';

/** Takes entries from callers, by whichever way they come. */
@Injectable()
export class ReceivedEntries {
  constructor(
    @Inject(AuditLog) private readonly audit: AuditLog,
    @Inject(Directory) private readonly directory: Directory,
  ) {}

  /**
   * Appends all or none; resolves when they are durable.
   * @param idempotency a call that is repeated under its key, even after a crash, gives the same ids again
   * @throws Problem `validation_failed`, `forbidden`, and as {@link AuditLog.appendAll}
   */
  async append(
    principal: Principal,
    body: AppendBody,
    requestId: string,
    idempotency?: IdempotentRequest['idempotency'],
  ): Promise<{ ids: string[] }> {
    const many = 'entries' in body;
    const pathOf = (n: number) => (many ? `entries.${n}.` : '');
    const entries = await attribute(principal, this.directory, many ? body.entries : [body], requestId, pathOf);
    return this.audit.appendAll(entries, idempotency && { ids: repeatableIds(idempotency, entries.length) });
  }
}
