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
    ['gcal', { ...channel, 'x-goog-channel-token': 'wrong' }, undefined],
    ['gcal', {}, undefined],
  ] as const)('of %s %#', (type, headers, delivery) => {
    expect(verify(type, 'secret', headers, body)).toEqual(delivery);
  });
});

describe('a push of Gmail through Pub/Sub', () => {
  const push = Buffer.from(
    '{"message":{"data":"e30=","messageId":"136969346945"},"subscription":"projects/p/subscriptions/s"}',
  );
  test.each([
    ['with the secret in its address', push, 'secret', { id: '136969346945', changes: true }],
    ['with another', push, 'wrong', undefined],
    ['without one', push, undefined, undefined],
    ['that is none', Buffer.from('{"message":7}'), 'secret', undefined],
    ['that is no JSON', Buffer.from('{'), 'secret', undefined],
  ])('%s', (_, pushed, token, delivery) => {
    expect(verify('gmail', 'secret', {}, pushed, token)).toEqual(delivery);
  });
});
