import { describe, expect, test } from '@jest/globals';
import { encode } from '../../src/audit/encode.ts';
import { parseDocument } from '../../src/policy/rules/index.ts';
import { kindsOf, prepare } from './generator/calls.ts';
import { scenarios, spread } from './scenarios.ts';
import { plausibleEntry } from './seed/audit-entries.ts';
import { loadPeople } from './seed/people.ts';
import { plausiblePolicies } from './seed/policies.ts';

describe('what the harness sends and seeds', () => {
  test('a mix keeps its weights and spreads its kinds', () => {
    const calls = spread(scenarios.policy.mix);
    expect(calls).toHaveLength(10);
    expect(kindsOf(calls).sort()).toEqual(['approve', 'deny', 'notify', 'read']);
    expect(calls.filter((call) => call.kind === 'read')).toHaveLength(5);
    expect(new Set(calls.slice(0, 5).map((call) => call.kind)).size).toBeGreaterThan(2);
  });

  test('every user makes every call of the mix with its own token', () => {
    const users = ['a', 'b', 'c'].map((id) => ({ id, token: `token-${id}` }));
    const { mix, path } = scenarios.policy;
    const target = { host: '127.0.0.1', port: 1 };
    const labels = kindsOf(mix);
    const calls = prepare({ target, path, status: 200, users, mix, labels, body: (call) => call.body });
    expect(calls).toHaveLength(30);
    for (const [at, { id }] of users.entries()) {
      const own = calls.filter((call) => call.user === at).map((call) => Buffer.from(call.bytes).toString());
      expect(own).toHaveLength(10);
      expect(own.every((text) => text.includes(`Bearer token-${id}\r\n`))).toBe(true);
    }
    const [head, body] = Buffer.from(calls[0]!.bytes).toString().split('\r\n\r\n');
    expect(head).toContain(`content-length: ${Buffer.byteLength(body!)}`);
  });

  test('seeded policies are documents that the API would take, each in a place of its own', () => {
    const policies = plausiblePolicies(3_000, loadPeople(300));
    for (const { domain, document } of policies) {
      expect(parseDocument(domain as 'actions', JSON.stringify(document))).toMatchObject({ ok: true });
    }
    const places = policies.map((p) => [p.scope, p.scopeId, p.domain, p.name].join(' '));
    expect(new Set(places).size).toBe(policies.length);
    const share = (scope: string) => policies.filter((policy) => policy.scope === scope).length / policies.length;
    expect(share('user')).toBeCloseTo(0.9, 1);
    expect(share('team')).toBeCloseTo(0.08, 1);
    expect(share('org')).toBeCloseTo(0.02, 1);
  });

  test('seeded entries are entries that the log would take, with every kind of each filter', () => {
    const authors = [{ userId: 'alice', orgId: 'engineering', teamIds: ['platform'] }];
    const entries = Array.from({ length: 2_000 }, (_, n) => plausibleEntry(n, authors));
    for (const entry of entries) encode(entry, '01ARZ3NDEKTSV4RRFFQ69G5FAV');
    expect(new Set(entries.map((entry) => entry.actionType)).size).toBe(6);
    expect(new Set(entries.map((entry) => entry.outcome)).size).toBe(4);
    expect(new Set(entries.map((entry) => entry.policyResult ?? 'none')).size).toBe(4);
    expect(plausibleEntry(7, authors)).toEqual(plausibleEntry(7, authors));
  });
});
