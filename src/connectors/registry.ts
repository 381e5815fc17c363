import { z } from 'zod';
import { type Connector, VendorError } from './connector.ts';
import { CONNECTOR_TYPES, type ConnectorType } from './work-item.ts';

export type Registry = Readonly<Record<ConnectorType, Connector>>;

/** Injection token of the connectors, one a type. */
export const CONNECTORS = Symbol('Connectors');

const DEFAULTS: Readonly<Record<ConnectorType, { url: string | null; action: string }>> = {
  gmail: { url: 'https://gmail.googleapis.com', action: 'email_read' },
  gcal: { url: 'https://www.googleapis.com', action: 'calendar_read' },
  jira: { url: null, action: 'jira_read' },
  github: { url: 'https://api.github.com', action: 'github_read' },
  gdrive: { url: 'https://www.googleapis.com', action: 'gdrive_read' },
};

/** A place that no connector has taken yet. */
function vacant(type: ConnectorType): Connector {
  return {
    type,
    defaultBaseUrl: DEFAULTS[type].url,
    syncAction: DEFAULTS[type].action,
    config: z.record(z.string().max(100), z.unknown()),
    async *sync() {
      throw new VendorError('unavailable', `${type}: this build has no such connector`);
    },
    reads: {},
    writes: {},
  };
}

/** The connectors of this build. */
export const REGISTRY: Registry = Object.fromEntries(CONNECTOR_TYPES.map((type) => [type, vacant(type)])) as Registry;
