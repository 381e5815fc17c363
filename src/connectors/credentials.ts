import { z } from 'zod';
import type { ConnectorType } from './work-item.ts';

const secret = z.string().min(1).max(16_384);
const address = z.string().max(2_000);

/** How we sign in to a connected system. Never returned, never logged, sealed where it is kept. */
export const CREDENTIALS = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('token'), token: secret }).describe('An access token, sent as Bearer'),
  z.strictObject({ kind: z.literal('basic'), email: z.email(), apiToken: secret }).describe('Jira Cloud'),
  z
    .strictObject({
      kind: z.literal('oauth'),
      accessToken: secret.optional(),
      refreshToken: secret,
      clientId: secret,
      clientSecret: secret.optional(),
      tokenUrl: address.describe('Where a refresh token is exchanged for an access token'),
      expiresAt: z.iso.datetime({ offset: true }).optional(),
    })
    .describe('Access tokens are renewed before they expire, and when they are refused'),
  z
    .strictObject({
      kind: z.literal('service_account'),
      clientEmail: z.string().min(3).max(320),
      privateKey: secret.describe('PEM'),
      tokenUrl: address.default('https://oauth2.googleapis.com/token'),
      scopes: z.array(z.string().min(1).max(300)).min(1).max(20).optional(),
    })
    .describe('Google, with domain-wide delegation: acts as each person by their e-mail address'),
]);
export type Credentials = z.output<typeof CREDENTIALS>;
export type OAuthCredentials = Extract<Credentials, { kind: 'oauth' }>;
export type ServiceAccount = Extract<Credentials, { kind: 'service_account' }>;

const GOOGLE = ['token', 'oauth', 'service_account'] as const;

/** The kinds that each system takes. */
export const KINDS_OF: Readonly<Record<ConnectorType, readonly Credentials['kind'][]>> = {
  gmail: GOOGLE,
  gcal: GOOGLE,
  gdrive: GOOGLE,
  jira: ['token', 'basic', 'oauth'],
  github: ['token', 'oauth'],
};

/** What a service account asks for where it names no scopes of its own. Source: Google's OAuth 2.0 scopes. */
export const SCOPES_OF: Readonly<Partial<Record<ConnectorType, readonly string[]>>> = {
  gmail: ['https://www.googleapis.com/auth/gmail.modify'],
  gcal: ['https://www.googleapis.com/auth/calendar'],
  gdrive: ['https://www.googleapis.com/auth/drive'],
};

/** Addresses that the credentials name, by the path of the field. */
export function addressesIn(credentials: Credentials): [path: string, address: string][] {
  return 'tokenUrl' in credentials ? [['credentials.tokenUrl', credentials.tokenUrl]] : [];
}
