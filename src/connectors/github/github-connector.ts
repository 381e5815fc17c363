import type { Connector } from '../connector.ts';
import { githubConfig } from './person.ts';
import { githubReads } from './reads.ts';
import { syncGithub } from './sync.ts';
import { githubWrites } from './writes.ts';

/** GitHub, REST API version 2022-11-28. */
export const githubConnector: Connector = {
  type: 'github',
  defaultBaseUrl: 'https://api.github.com',
  syncAction: 'github_read',
  config: githubConfig,
  sync: syncGithub,
  reads: githubReads,
  writes: githubWrites,
};
