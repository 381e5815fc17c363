import type { Connector } from './connector.ts';
import { gcalConnector } from './gcal/gcal-connector.ts';
import { gdriveConnector } from './gdrive/gdrive-connector.ts';
import { githubConnector } from './github/index.ts';
import { gmailConnector } from './gmail/gmail-connector.ts';
import { jiraConnector } from './jira/index.ts';
import type { ConnectorType } from './work-item.ts';

export type Registry = Readonly<Record<ConnectorType, Connector>>;

/** Injection token of the connectors, one a type. */
export const CONNECTORS = Symbol('Connectors');

/** The connectors of this build. */
export const REGISTRY: Registry = {
  gmail: gmailConnector,
  gcal: gcalConnector,
  jira: jiraConnector,
  github: githubConnector,
  gdrive: gdriveConnector,
};
