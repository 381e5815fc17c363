import { AuditLog } from '#audit';
import { adminEntry } from '#identity';
import type { Principal } from '#libs/access';
import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import * as sql from '../auto-response.sql.ts';
import { OwnPerson } from '../own-person.ts';
import { NO_RULES, type ResponseRules } from '../rules/index.ts';

/** Each person's own rules. */
@Injectable()
export class KeptRules {
  constructor(
    private readonly database: Database,
    private readonly own: OwnPerson,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  async get(caller: Principal): Promise<ResponseRules> {
    const person = await this.own.of(caller);
    const [row]: { rules: ResponseRules }[] = await this.database.tenant(person.tenantId, (tx) =>
      tx.query(sql.RULES_OF_PERSON, [person.id]),
    );
    return row?.rules ?? NO_RULES;
  }

  async put(caller: Principal, rules: ResponseRules, requestId: string): Promise<ResponseRules> {
    const person = await this.own.of(caller);
    await this.database.tenant(person.tenantId, async (tx) => {
      const now = new Date(this.clock.now());
      await tx.query(sql.PUT_RULES, [person.tenantId, person.id, JSON.stringify(rules), now]);
      // An entry holds 64 KiB.
      const detail = { ...rules, contacts: rules.contacts.slice(0, 100), contactRules: rules.contacts.length };
      await this.audit.appendWithin(tx, adminEntry(caller, requestId, 'auto_response.rules', detail));
    });
    return rules;
  }
}
