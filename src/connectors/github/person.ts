import type { Octokit } from 'octokit';
import { z } from 'zod';
import { VendorError, type VendorAccess } from '../connector.ts';
import { objectIn, objectsIn, textIn } from '../vendor-json.ts';
import { call, callIfThere } from './client.ts';

const LOGIN = /^[a-z\d][a-z\d-]{0,38}(?:\[bot\])?$/i;

export const githubConfig = z.strictObject({
  /** The person's login, where the token is not the person's own. */
  login: z.string().regex(LOGIN).optional(),
  /** Only repositories of these owners. */
  owners: z.array(z.string().regex(LOGIN)).max(20).optional(),
});
export type GithubConfig = z.infer<typeof githubConfig>;

/**
 * By the settings, else whoever signs in; where that is an app or a bot, by the person's public address.
 * @throws VendorError `not_found` where nobody has the address
 */
export async function loginOf(github: Octokit, access: VendorAccess, config: GithubConfig): Promise<string> {
  if (config.login !== undefined) return config.login;
  const self = await callIfThere(access, github.rest.users.getAuthenticated()).catch((error: unknown) => {
    // "Resource not accessible by integration"
    if (error instanceof VendorError && error.failure === 'forbidden') return null;
    throw error;
  });
  const { login, type } = objectIn(self?.data);
  if (self !== null && !LOGIN.test(textIn(login)))
    throw new VendorError('garbled', 'github: the answer does not say who signs in');
  if (self !== null && type !== 'Bot') return textIn(login);
  const q = `${access.account.email} in:email`;
  const found = objectsIn(objectIn((await call(access, github.rest.search.users({ q }))).data)['items']);
  const only = found.length === 1 ? textIn(found[0]!['login']) : '';
  if (!LOGIN.test(only))
    throw new VendorError('not_found', 'github: nobody there has this person’s address; set "login"');
  return only;
}
