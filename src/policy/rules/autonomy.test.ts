import { expect, test } from '@jest/globals';
import { AUTONOMY, isStricter, mostRestrictive, toDecision } from './autonomy.ts';
import { connectorOfAction, isHigherScope, isReadAction } from './domains.ts';

test('the strictest verdict holds, and silence stays silence', () => {
  expect(mostRestrictive(['notify', 'block', 'autonomous'])).toBe('block');
  expect(mostRestrictive([])).toBeUndefined();
  expect(isStricter('notify', 'notify')).toBe(false);
});

test('an autonomy becomes a decision', () => {
  expect(AUTONOMY.map(toDecision)).toEqual(['allow', 'allow', 'require_approval', 'deny']);
});

test.each([
  ['email_send', 'gmail'],
  ['calendar_create_event', 'gcal'],
  ['jira_read', 'jira'],
  ['github_read', 'github'],
  ['gdrive_share', 'gdrive'],
  ['gmail_read', undefined],
  ['email', undefined],
  ['toString_x', undefined],
  ['', undefined],
])('the connector of %j is %j', (action, connector) => {
  expect(connectorOfAction(action)).toBe(connector);
});

test('only a plain look is a read', () => {
  expect(['email_read', 'jira_search', 'gdrive_list'].map(isReadAction)).toEqual([true, true, true]);
  expect(['email_send', 'read', 'email_read_and_delete'].map(isReadAction)).toEqual([false, false, false]);
});

test('a scope is higher than those inside it', () => {
  expect([isHigherScope('enterprise', 'org'), isHigherScope('team', 'team'), isHigherScope('user', 'team')]).toEqual([
    true,
    false,
    false,
  ]);
});
