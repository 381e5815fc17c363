import { type DirectoryPerson, People } from '#identity';
import { Clock } from '#libs/clock';
import { Database } from '#libs/database';
import { DataRules } from '#policy';
import { Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import * as sql from '../briefing.sql.ts';
import { LONGEST_RETENTION, type Retention, retentionUnder } from '../rules/index.ts';
import { TaskBook } from './task-book.ts';

const AT_ONCE = 200;
/** A book that was refreshed so lately has aged already, in milliseconds. */
const FRESH_MS = 12 * 3_600_000;
const DAY_MS = 86_400_000;

/**
 * Archives and purges tasks of people who do not look at them, or have left: age moves a task also where nobody asks. Briefings go when every
 * task that they tell of has gone.
 */
@Injectable()
export class Retirement {
  private readonly log = new Logger('briefing');

  constructor(
    private readonly database: Database,
    private readonly people: People,
    private readonly book: TaskBook,
    private readonly rules: DataRules,
    private readonly clock: Clock,
  ) {}

  @Cron('17 3 * * *')
  async everyNight(): Promise<void> {
    try {
      await this.retire();
    } catch (error) {
      this.log.warn(`tasks could not be archived: ${(error as Error).message}`);
    }
  }

  async retire(): Promise<void> {
    await this.database.system((tx) => tx.query(sql.FORGET_ALL_BRIEFINGS, [this.before(LONGEST_RETENTION)]));
    let after: [string, string] = ['', ''];
    for (;;) {
      const books: { tenant_id: string; user_id: string }[] = await this.database.system((tx) =>
        tx.query(sql.BOOKS, [...after, AT_ONCE]),
      );
      for (const { tenant_id, user_id } of books) {
        const person = await this.people.findEvenLeft(tenant_id, user_id);
        if (!person) continue;
        await this.book.refreshIfOld(person, FRESH_MS);
        await this.forgetBriefings(person);
      }
      const last = books.at(-1);
      if (!last || books.length < AT_ONCE) return;
      after = [last.tenant_id, last.user_id];
    }
  }

  private async forgetBriefings(person: DirectoryPerson): Promise<void> {
    const before = this.before(retentionUnder((await this.rules.for(person)).retention));
    await this.database.tenant(person.tenantId, (tx) => tx.query(sql.FORGET_BRIEFINGS, [person.id, before]));
  }

  /** What was a task before this moment has been purged. */
  private before({ active_days, archive_after_days, purge_after_archive_days }: Retention): Date {
    return new Date(this.clock.now() - (active_days + archive_after_days + purge_after_archive_days) * DAY_MS);
  }
}
