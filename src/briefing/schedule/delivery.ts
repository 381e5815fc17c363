import { ConnectedWork } from '#connectors';
import type { DirectoryPerson } from '#identity';
import { Database } from '#libs/database';
import { PersonEvents } from '#libs/events';
import { Problem } from '#libs/http';
import { Injectable } from '@nestjs/common';
import type { Briefing } from '../briefing.ts';
import { dayName } from '../renderings/in-words.ts';
import { render } from '../renderings/index.ts';
import * as sql from './schedule.sql.ts';

/** Tells a person that a scheduled briefing is there. */
@Injectable()
export class Delivery {
  constructor(
    private readonly work: ConnectedWork,
    private readonly database: Database,
    private readonly events: PersonEvents,
  ) {}

  /** Safe to repeat: mail carries the briefing's own Message-ID, by which the connector knows what it has sent. */
  async deliver(person: DirectoryPerson, briefing: Briefing, ways: readonly string[]): Promise<void> {
    const { tenantId, id: userId } = person;
    const delivered = await this.tell(tenantId, userId, briefing.id);
    if (!delivered || !ways.includes('mail') || delivered.mail) return;
    const mail = await this.mail(person, briefing);
    await this.database.tenant(tenantId, (tx) => tx.query(sql.NOTE_DELIVERY, [briefing.id, JSON.stringify({ mail })]));
  }

  /** Stores the event once, with the note that it is. @returns which ways have been gone; null for a briefing that is gone */
  private async tell(tenantId: string, userId: string, briefingId: string): Promise<Record<string, string> | null> {
    const delivered = await this.database.tenant(tenantId, async (tx) => {
      const [row]: { delivered: Record<string, string> }[] = await tx.query(sql.DELIVERED, [briefingId]);
      if (row && !row.delivered.event) {
        await tx.query(sql.NOTE_DELIVERY, [briefingId, JSON.stringify({ event: 'stored' })]);
        await this.events.append(tx, { tenantId, userId, event: 'briefing.ready', payload: { briefingId } });
      }
      return row?.delivered ?? null;
    });
    this.events.announce(tenantId, userId);
    return delivered;
  }

  /** @returns how it went; a refusal is final, anything passing is thrown so that the job comes again */
  private async mail(person: DirectoryPerson, briefing: Briefing): Promise<string> {
    try {
      await this.work.write({ tenantId: person.tenantId, userId: person.id }, 'gmail', 'email_send', {
        to: [person.email],
        subject: `Briefing for ${dayName(briefing)}`,
        text: render(briefing, 'text').body,
        messageId: `briefing-${briefing.id.toLowerCase()}@openclaw-enterprise`,
      });
      return 'sent';
    } catch (error) {
      if (error instanceof Problem && error.status < 500) return `not sent: ${error.detail}`.slice(0, 500);
      throw error;
    }
  }
}
