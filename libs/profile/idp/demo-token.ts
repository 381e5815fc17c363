import { type JWK, SignJWT, importJWK } from 'jose';
import { ProfileError } from '../errors.ts';
import {
  CLIENT_ID,
  type DemoPerson,
  SIGNING_ALGORITHM,
  readAccounts,
  readIssuer,
  readSigningKey,
  sameEmail,
} from './demo-files.ts';

const VALID_SECONDS = 12 * 60 * 60;

/** The same claims as in the ID token that a sign-in gives. Valid for 12 hours from `now`. */
export async function signDemoToken(issuer: string, key: JWK, person: DemoPerson, now: Date): Promise<string> {
  const issuedAt = Math.floor(now.getTime() / 1000);
  return new SignJWT({ email: person.email, email_verified: true, name: person.name })
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, kid: key.kid!, typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience(CLIENT_ID)
    .setSubject(person.email)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + VALID_SECONDS)
    .sign(await importJWK(key, SIGNING_ALGORITHM));
}

/** Throws ProfileError `not_found` naming the accounts there are. */
export function findPerson<T extends DemoPerson>(accounts: readonly T[], email: string): T {
  const account = accounts.find((candidate) => sameEmail(candidate.email, email));
  if (account) return account;
  throw new ProfileError(
    'not_found',
    `There is no demo account "${email}". There are: ${accounts.map((candidate) => candidate.email).join(', ')}.`,
  );
}

/**
 * A bearer token for one of the demo people, from the files of a data folder alone: the gateway may run in another
 * process. Throws ProfileError `not_found` for an unknown person or a folder that was never started.
 */
export async function mintDemoToken(dataDir: string, email: string, now: Date): Promise<string> {
  const accounts = readAccounts(dataDir);
  if (!accounts) throw neverStarted(dataDir);
  return mintPersonToken(dataDir, findPerson(accounts, email), now);
}

/** The same for somebody who is in the directory and has no account at the demo's sign-in page. */
export async function mintPersonToken(dataDir: string, person: DemoPerson, now: Date): Promise<string> {
  const state = readIssuer(dataDir);
  const key = readSigningKey(dataDir);
  if (!state || !key) throw neverStarted(dataDir);
  return signDemoToken(state.issuer, key, person, now);
}

function neverStarted(dataDir: string): ProfileError {
  return new ProfileError(
    'not_found',
    `No embedded gateway was ever started in ${dataDir}. Start one with "npm start" first, or name its folder with ` +
      'OPENCLAW_DATA_DIR. (With an identity provider of your own there are no demo tokens.)',
  );
}
