import { describe, expect, test } from '@jest/globals';
import { parseArguments, parseDuration, UsageError } from './arguments.ts';

describe('the command line of the load harness', () => {
  test('takes a scenario with its options', () => {
    const options = parseArguments([
      'policy',
      '--users',
      '20',
      '--duration',
      '90s',
      '--runs',
      '3',
      '--policies',
      '800',
    ]);
    expect(options).toMatchObject({ scenario: 'policy', users: 20, durationMs: 90_000, runs: 3, policies: 800 });
    expect(parseArguments(['audit'])).toMatchObject({ batch: 1, runs: 1, tokens: 'each', ramp: false });
  });

  test.each([
    [[], /Which scenario\? There are: briefing, policy, audit/],
    [['polcy'], /no scenario "polcy"/],
    [['policy', 'audit'], /"audit" is one too many/],
    [['policy', '--users', 'many'], /--users is "many"; accepted: a whole number from 1 to 5000/],
    [['policy', '--duration', '60'], /--duration is "60"; accepted: a time such as 500ms, 60s or 10m/],
    [['policy', '--duration', '5h'], /--duration is "5h"/],
    [['policy', '--speed', '3'], /--speed/],
    [['policy', '--tokens', 'two'], /accepted: each, one/],
    [['audit', '--policies', '800'], /--policies belongs to policy and propagation, not to audit/],
    [['policy', '--ramp'], /--ramp belongs to audit/],
    [['policy', '--rate', '100', '--sustained'], /give one of them/],
    [['policy', '--url', 'http://127.0.0.1:3000'], /--url needs --token/],
    [['policy', '--token', 'x'], /--token needs --url/],
    [['policy', '--url', 'https://example.com', '--token', 'x'], /an http address of this machine/],
    [['policy', '--url', 'http://127.0.0.1:1', '--token', 'x', '--policies', '8'], /without --url/],
  ])('refuses %j with what is accepted', (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(UsageError);
    expect(() => parseArguments(argv)).toThrow(message);
  });

  test('reads durations', () => {
    expect(parseDuration('500ms')).toBe(500);
    expect(parseDuration('1.5s')).toBe(1_500);
    expect(parseDuration('10m')).toBe(600_000);
    for (const wrong of ['', '0s', '-3s', '1e3s', '121m']) expect(() => parseDuration(wrong)).toThrow(UsageError);
  });
});
