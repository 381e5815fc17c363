import { z } from 'zod';
import { CREDENTIALS } from './credentials.ts';
import { CONNECTOR_TYPES } from './work-item.ts';

const CONFIG_LIMIT_BYTES = 16 * 1024;

const type = z.enum(CONNECTOR_TYPES);
const userId = z.string().min(1).max(100);
const baseUrl = z
  .string()
  .max(2_000)
  .describe('Where the system is, without the path of its API; the vendor’s own where it has one');
const config = z
  .record(z.string().min(1).max(100), z.unknown())
  .refine((value) => JSON.stringify(value).length <= CONFIG_LIMIT_BYTES, 'may have at most 16 KiB as JSON')
  .describe('Settings of this system that are no secret');
const subject = z.strictObject({ userId }).optional().describe('For whom; with agent tokens only');
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,99}$/, 'must be a name of letters, digits, "_", "." and "-"');

/** `POST /connectors` */
export const NEW_CONNECTOR = z.strictObject({
  type,
  userId: userId
    .optional()
    .describe('Whose it is. Without it: the caller’s own, and for an enterprise_admin one that serves everybody'),
  baseUrl: baseUrl.optional(),
  credentials: CREDENTIALS,
  config: config.default({}),
});
export type NewConnector = z.output<typeof NEW_CONNECTOR>;

/** `PATCH /connectors/:id` */
export const CONNECTOR_CHANGE = z
  .strictObject({
    baseUrl: baseUrl.nullable().optional(),
    credentials: CREDENTIALS.optional(),
    config: config.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'names nothing to change');
export type ConnectorChange = z.output<typeof CONNECTOR_CHANGE>;

export const CONNECTOR_LIST = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(100).optional(),
});
export type ConnectorList = z.output<typeof CONNECTOR_LIST>;

export const CONNECTOR_ID = z.string().min(1).max(100);
export const CONNECTOR_TYPE = type;

/** `POST /connectors/:type/read` */
export const READ = z.strictObject({
  resource: name.describe('What to read, such as `messages`'),
  query: z.record(z.string().max(200), z.unknown()).optional(),
  subject,
});
export type Read = z.output<typeof READ>;

/** `POST /connectors/:type/write`; what the action takes stands beside it, and the subject of a mail is a text. */
export const WRITE = z.looseObject({
  action: name.describe('What to do, such as `email_send`'),
  subject: z.union([subject, z.string()]).describe('For whom; or, as a text, what the action takes under this name'),
});
export type Write = z.output<typeof WRITE>;

/** `POST /webhooks/:connectorId` */
export const WEBHOOK_QUERY = z.object({
  token: z
    .string()
    .max(200)
    .optional()
    .describe('Gmail only: the secret of the connector; its pushes carry no signature'),
});
export type WebhookQuery = z.output<typeof WEBHOOK_QUERY>;
