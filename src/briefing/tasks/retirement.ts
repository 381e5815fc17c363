import { People } from '#identity';
import { Database } from '#libs/database';
import { Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import * as sql from '../briefing.sql.ts';
import { TaskBook } from './task-book.ts';

const AT_ONCE = 200;
/** A book that was refreshed so lately has aged already, in milliseconds. */
const FRESH_MS = 12 * 3_600_000;

/** Archives and purges tasks of people who do not look at them: age moves a task also where nobody asks. */
@Injectable()
export class Retirement {
  private readonly log = new Logger('briefing');

  constructor(
    private readonly database: Database,
    private readonly people: People,
    private readonly book: TaskBook,
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
    let after: [string, string] = ['', ''];
    for (;;) {
      const books: { tenant_id: string; user_id: string }[] = await this.database.system((tx) =>
        tx.query(sql.BOOKS, [...after, AT_ONCE]),
      );
      for (const { tenant_id, user_id } of books) {
        const person = await this.people.find(tenant_id, user_id);
        if (person) await this.book.refreshIfOld(person, FRESH_MS);
      }
      const last = books.at(-1);
      if (!last || books.length < AT_ONCE) return;
      after = [last.tenant_id, last.user_id];
    }
  }
}
