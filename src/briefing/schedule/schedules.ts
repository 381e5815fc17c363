import { AuditLog } from '#audit';
import { adminEntry, type DirectoryPerson } from '#identity';
import type { Principal } from '#libs/access';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import type { ScheduleInput } from './schedule.schema.ts';
import * as sql from './schedule.sql.ts';
import { SUGGESTED, usualSchedule } from './usual.ts';
import { nextWindow } from './windows.ts';

/** When a person's briefings are made. */
export interface ScheduleView {
  readonly cron: string;
  readonly timeZone: string;
  readonly windowMinutes: number;
  readonly enabled: boolean;
  readonly deliver: readonly string[];
  /** When the next window opens; null while it is not known, or none comes. */
  readonly nextWindow: string | null;
}

/** Each person's own schedule. */
@Injectable()
export class Schedules {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  async get(person: DirectoryPerson): Promise<ScheduleView> {
    const [row]: sql.ScheduleRow[] = await this.database.tenant(person.tenantId, (tx) =>
      tx.query(sql.FIND_SCHEDULE, [person.id]),
    );
    if (row?.own) return toView(row);
    const usual = usualSchedule(this.settings);
    const { cron, window } = usual ?? SUGGESTED;
    // The row of a usual schedule is a moment behind the settings and the person.
    const enabled = row !== undefined && usual !== null;
    const next = enabled ? nextWindow(cron, person.timeZone, this.clock.now()) : null;
    return {
      cron,
      timeZone: person.timeZone,
      windowMinutes: window,
      enabled,
      deliver: [],
      nextWindow: next === null ? null : new Date(next).toISOString(),
    };
  }

  async put(person: DirectoryPerson, input: ScheduleInput, by: { principal: Principal; requestId: string }) {
    const now = this.clock.now();
    const timeZone = input.timeZone ?? person.timeZone;
    const next = input.enabled ? nextWindow(input.cron, timeZone, now) : null;
    return this.database.tenant(person.tenantId, async (tx) => {
      const [row]: sql.ScheduleRow[] = await tx.query(sql.PUT_SCHEDULE, [
        person.tenantId,
        person.id,
        input.cron,
        timeZone,
        input.windowMinutes,
        input.enabled,
        input.deliver,
        next === null ? null : new Date(next),
        new Date(now),
      ]);
      const detail = { ...input, timeZone };
      await this.audit.appendWithin(tx, adminEntry(by.principal, by.requestId, 'briefing.schedule', detail));
      return toView(row!);
    });
  }
}

function toView(row: sql.ScheduleRow): ScheduleView {
  const next = row.next_window as Date | number | null;
  return {
    cron: row.cron,
    timeZone: row.time_zone,
    windowMinutes: row.window_minutes,
    enabled: row.enabled,
    deliver: row.deliver,
    // pg reads 'infinity' as a number: none comes any more.
    nextWindow: row.enabled && next instanceof Date ? next.toISOString() : null,
  };
}
