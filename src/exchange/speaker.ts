import { AuditLog } from '#audit';
import { type DirectoryPerson, People } from '#identity';
import { mayActFor, onlyPersonOf, type Principal, principalName } from '#libs/access';
import { Problem } from '#libs/http';
import { Injectable } from '@nestjs/common';

/** Finds out for whom a caller speaks. */
@Injectable()
export class Speaker {
  constructor(
    private readonly people: People,
    private readonly audit: AuditLog,
  ) {}

  /**
   * A person speaks for themselves; an assistant for one of the people that its token names.
   * @param named whom the caller says it speaks for
   * @throws Problem `forbidden`, which is recorded
   */
  async of(caller: Principal, named: string | undefined, requestId: string): Promise<DirectoryPerson> {
    const userId = named ?? (caller.kind === 'person' ? caller.person.id : onlyPersonOf(caller));
    const may =
      userId !== undefined && (caller.kind === 'person' ? userId === caller.person.id : mayActFor(caller, userId));
    const person = may ? await this.people.find(caller.tenantId, userId) : undefined;
    if (person) return person;
    const reason = 'The caller may not speak for this person.';
    await this.audit.append({
      tenantId: caller.tenantId,
      userId: caller.kind === 'person' ? caller.person.id : null,
      actor: principalName(caller),
      actionType: 'agent_exchange',
      actionDetail: { operation: 'exchange.message', state: 'refused', check: 'identity', claimed: userId ?? null },
      policyResult: 'deny',
      policyReason: reason,
      outcome: 'denied',
      requestId,
    });
    throw new Problem('forbidden', reason);
  }
}
