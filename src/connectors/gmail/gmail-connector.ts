import type { Connector } from '../connector.ts';
import { GMAIL_CONFIG } from './config.ts';
import { gmailReads } from './reads.ts';
import { syncGmail } from './sync.ts';
import { gmailWrites } from './writes.ts';

/** Gmail: one work item a thread. */
export const gmailConnector: Connector = {
  type: 'gmail',
  defaultBaseUrl: 'https://gmail.googleapis.com',
  syncAction: 'email_read',
  config: GMAIL_CONFIG,
  sync: syncGmail,
  reads: gmailReads,
  writes: gmailWrites,
};
