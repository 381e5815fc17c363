import { z } from 'zod';
import type { Connector } from '../connector.ts';
import { reads } from './reads.ts';
import { sync } from './sync.ts';
import { writes } from './writes.ts';

/** Google Drive. */
export const gdriveConnector: Connector = {
  type: 'gdrive',
  defaultBaseUrl: 'https://www.googleapis.com',
  syncAction: 'gdrive_read',
  config: z.strictObject({
    /** How many days back documents are read at first. */
    days: z.number().int().min(1).max(365).optional(),
  }),
  sync,
  reads,
  writes,
};
