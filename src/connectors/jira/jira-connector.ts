import type { Connector } from '../connector.ts';
import { jiraConfig } from './person.ts';
import { jiraReads } from './reads.ts';
import { syncJira } from './sync.ts';
import { jiraWrites } from './writes.ts';

/** Jira Cloud. Every site has an address of its own: `https://<site>.atlassian.net`, or `https://api.atlassian.com/ex/jira/<cloud id>`. */
export const jiraConnector: Connector = {
  type: 'jira',
  defaultBaseUrl: null,
  syncAction: 'jira_read',
  config: jiraConfig,
  sync: syncJira,
  reads: jiraReads,
  writes: jiraWrites,
};
