/** What the demo identity provider keeps on disk (mode 0600), so that another process can mint tokens with it. */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { type JWK, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { privateDirectory, readJson, writeJson } from '../host/private-files.ts';
import { FIRST_WORDS, SECOND_WORDS } from './words.ts';

export interface DemoPerson {
  email: string;
  name: string;
}

/** As a person signs in. The password is kept readable, because each start prints it again. */
export interface DemoAccount extends DemoPerson {
  password: string;
}

export interface IssuerState {
  issuer: string;
  port: number;
}

export const CLIENT_ID = 'openclaw-enterprise';
export const SIGNING_ALGORITHM = 'RS256';

const file = (dataDir: string, name: string): string => join(dataDir, 'idp', name);

export const readIssuer = (dataDir: string): IssuerState | undefined => readJson(file(dataDir, 'state.json'));
export const writeIssuer = (dataDir: string, state: IssuerState): void => writeJson(file(dataDir, 'state.json'), state);

export const readAccounts = (dataDir: string): DemoAccount[] | undefined => readJson(file(dataDir, 'accounts.json'));

/** Gives each person a password at their first start, and keeps it. */
export function keepAccounts(dataDir: string, people: readonly DemoPerson[]): DemoAccount[] {
  privateDirectory(join(dataDir, 'idp'));
  const known = readAccounts(dataDir) ?? [];
  const accounts = people.map(({ email, name }) => ({
    email,
    name,
    password: known.find((account) => sameEmail(account.email, email))?.password ?? readablePassword(),
  }));
  if (JSON.stringify(accounts) !== JSON.stringify(known)) writeJson(file(dataDir, 'accounts.json'), accounts);
  return accounts;
}

export const sameEmail = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** The private signing key, as a JWK with `kid`, `alg` and `use`. */
export const readSigningKey = (dataDir: string): JWK | undefined => readJson(file(dataDir, 'signing-key.json'));

export async function keepSigningKey(dataDir: string): Promise<JWK> {
  const known = readSigningKey(dataDir);
  if (known) return known;
  const { privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const key = { ...jwk, alg: SIGNING_ALGORITHM, use: 'sig', kid: await calculateJwkThumbprint(jwk) };
  writeJson(file(dataDir, 'signing-key.json'), key);
  return key;
}

/** Like "maple-otter-42": to be typed once, behind a limit on tries and on this machine only. */
function readablePassword(): string {
  const pick = (words: readonly string[]) => words[randomInt(words.length)]!;
  return `${pick(FIRST_WORDS)}-${pick(SECOND_WORDS)}-${randomInt(10, 100)}`;
}
