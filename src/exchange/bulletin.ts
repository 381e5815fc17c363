import type { Transaction } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { Injectable } from '@nestjs/common';

/** One `session.message`: what somebody is to be told of an exchange. */
export interface Told {
  readonly userId: string;
  /** `message`: something was said; `outcome`: the exchange is over. */
  readonly payload: Readonly<Record<string, unknown>> & { readonly kind: 'message' | 'outcome' };
}

/** Tells the people of an exchange. */
@Injectable()
export class Bulletin {
  constructor(private readonly events: PersonEvents) {}

  /** To be the last of a transaction: always in the order of the people, so that two of them never wait for each other. */
  async append(tx: Transaction, tenantId: string, told: readonly Told[]): Promise<void> {
    const ordered = [...told].sort((a, b) => (a.userId < b.userId ? -1 : a.userId > b.userId ? 1 : 0));
    for (const { userId, payload } of ordered)
      await this.events.append(tx, { tenantId, userId, event: 'session.message', payload });
  }

  announce(tenantId: string, told: readonly Told[]): void {
    for (const { userId } of told) this.events.announce(tenantId, userId);
  }
}
