import { calendar, type calendar_v3 } from '@googleapis/calendar';
import type { VendorAccess } from '../connector.ts';
import { clientOptions } from '../google/call.ts';

export type GoogleEvent = calendar_v3.Schema$Event;

/** Google's own client for the Calendar API v3. */
export function clientFor(access: VendorAccess): calendar_v3.Calendar {
  return calendar({ version: 'v3', ...clientOptions(access) });
}

/** The calendar that is read and written: the person's own, unless the connector's settings name another. */
export function calendarOf(access: VendorAccess): string {
  return typeof access.config.calendar === 'string' ? access.config.calendar : 'primary';
}
