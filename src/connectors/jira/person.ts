import { z } from 'zod';
import { VendorError, type VendorAccess } from '../connector.ts';
import { addressIn, objectIn, objectsIn, textIn } from '../vendor-json.ts';
import type { Jira } from './client.ts';

export const jiraConfig = z.strictObject({
  /** Only these projects. */
  projects: z
    .array(z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,19}$/))
    .max(200)
    .optional(),
  /** The person's account id, where the token is a service account's and addresses are hidden. */
  accountId: z
    .string()
    .regex(/^[\w:-]{1,128}$/)
    .optional(),
});
export type JiraConfig = z.infer<typeof jiraConfig>;

/** Whose issues are meant. */
export interface JiraPerson {
  readonly accountId: string;
  /** Whether the token is this person's own. */
  readonly own: boolean;
  /** Of whoever signs in: Jira reads the times in a query in it. */
  readonly zone: string;
}

/**
 * By the settings, else whoever signs in, unless their visible address is another: then by address.
 * @throws VendorError `not_found` where nobody has the address
 */
export async function personOf({ api, client }: Jira, access: VendorAccess, config: JiraConfig): Promise<JiraPerson> {
  const self = objectIn(await api.getCurrentUser(client));
  const accountId = textIn(self['accountId']);
  if (accountId === '') throw new VendorError('garbled', 'jira: the answer does not say who signs in');
  const zone = textIn(self['timeZone']) || 'UTC';
  const address = addressIn(self['emailAddress']);
  const email = access.account.email.toLowerCase();
  if (config.accountId !== undefined) return { accountId: config.accountId, own: config.accountId === accountId, zone };
  if (address === null || address === email) return { accountId, own: true, zone };
  const found = objectsIn(await api.findUsers(client, { query: email })).filter((one) => {
    const visible = addressIn(one['emailAddress']);
    return visible === null || visible === email;
  });
  const found1 = found.length === 1 ? textIn(found[0]!['accountId']) : '';
  if (found1 === '')
    throw new VendorError('not_found', 'jira: nobody there has this person’s address; set "accountId"');
  return { accountId: found1, own: false, zone };
}
