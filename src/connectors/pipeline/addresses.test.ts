import { afterAll, describe, expect, test } from '@jest/globals';
import type { LookupFunction } from 'node:net';
import { fetch } from 'undici';
import { Addresses, isPrivateAddress } from './addresses.ts';

const lookup: LookupFunction = (host, options, callback) => {
  const found = host.startsWith('rebind') ? '127.0.0.1' : '93.184.216.34';
  if (options.all) callback(null, [{ address: found, family: 4 }]);
  else callback(null, found, 4);
};
const addresses = new Addresses(['127.0.0.1:4010', 'jira.internal'], lookup);
afterAll(() => addresses.close());

describe('a base address', () => {
  test.each([
    'http://api.github.com',
    'https://127.0.0.1',
    'https://127.1',
    'https://2130706433',
    'https://0x7f000001',
    'https://10.1.2.3/x',
    'https://169.254.169.254/latest/meta-data',
    'https://192.168.0.1:8443',
    'https://[::1]',
    'https://[::ffff:127.0.0.1]',
    'https://[::ffff:a00:1]',
    'https://[fd00::1]',
    'https://[fe80::1]',
    'https://[64:ff9b::7f00:1]',
    'https://localhost',
    'https://metadata.google.internal',
    'https://user:pw@example.com',
    'https://example.com/?x=1',
    'http://127.0.0.1:4011',
    'ftp://example.com',
    'nonsense',
  ])('%s is refused', (text) => expect(addresses.refusal(text)).toMatch(/^must/));

  test.each([
    'https://api.github.com',
    'https://acme.atlassian.net/',
    'http://127.0.0.1:4010',
    'http://jira.internal:8080/jira',
  ])('%s is fine', (text) => expect(addresses.refusal(text)).toBeUndefined());
});

test('a name that leads into a private network when the connection is made leads nowhere', async () => {
  const url = new URL('https://rebind.example.com/');
  const error = await fetch(url, { dispatcher: addresses.agentFor(url) }).catch((thrown: unknown) => thrown as Error);
  expect(String((error as Error).cause)).toContain('private network');
});

test('what is no address is private', () => expect(isPrivateAddress('x')).toBe(true));
