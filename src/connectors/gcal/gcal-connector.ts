import { z } from 'zod';
import type { Connector } from '../connector.ts';
import { reads } from './reads.ts';
import { sync } from './sync.ts';
import { writes } from './writes.ts';

/** Google Calendar. */
export const gcalConnector: Connector = {
  type: 'gcal',
  defaultBaseUrl: 'https://www.googleapis.com',
  syncAction: 'calendar_read',
  config: z.strictObject({
    /** How many days ahead are read. */
    days: z.number().int().min(1).max(60).optional(),
    /** Another calendar than the person's own. */
    calendar: z.string().min(1).max(300).optional(),
  }),
  sync,
  reads,
  writes,
};
