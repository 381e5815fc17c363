import { describe, expect, test } from '@jest/globals';
import { signatureOf, verify } from './signatures.ts';

const body = Buffer.from('{"a":1}');
const good = signatureOf('secret', body);

test('the signature is GitHub’s own example', () => {
  expect(signatureOf("It's a Secret to Everybody", Buffer.from('Hello, World!'))).toBe(
    'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  );
});

describe('a delivery', () => {
  const channel = { 'x-goog-channel-token': 'secret', 'x-goog-channel-id': 'c', 'x-goog-message-number': '7' };
  test.each([
    ['github', { 'x-hub-signature-256': good, 'x-github-delivery': 'd' }, { id: 'd', changes: true }],
    [
      'github',
      { 'x-hub-signature-256': good, 'x-github-delivery': 'd', 'x-github-event': 'ping' },
      { id: 'd', changes: false },
    ],
    ['github', { 'x-hub-signature-256': good }, undefined],
    ['github', { 'x-hub-signature': good, 'x-github-delivery': 'd' }, undefined],
    ['jira', { 'x-hub-signature': good, 'x-atlassian-webhook-identifier': 'j' }, { id: 'j', changes: true }],
    ['jira', { 'x-hub-signature': `${good}0`, 'x-atlassian-webhook-identifier': 'j' }, undefined],
    ['gcal', { ...channel, 'x-goog-resource-state': 'exists' }, { id: 'c/7', changes: true }],
    ['gdrive', { ...channel, 'x-goog-resource-state': 'sync' }, { id: 'c/7', changes: false }],
    ['gmail', { ...channel, 'x-goog-channel-token': 'wrong' }, undefined],
    ['gmail', {}, undefined],
  ] as const)('of %s %#', (type, headers, delivery) => {
    expect(verify(type, 'secret', headers, body)).toEqual(delivery);
  });
});
