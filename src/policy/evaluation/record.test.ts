import { describe, expect, test } from '@jest/globals';
import type { EngineDecision } from './decision.ts';
import { fromRecord, toRecord } from './record.ts';

const allowed = { autonomy: 'notify', verdict: 'allow' } as const;
const denied = { autonomy: 'block', verdict: 'deny' } as const;
const company = { id: 'p1', name: 'base', scope: 'enterprise', scopeId: 'acme', version: '1.0.0' } as const;
const team = { id: 'p2', name: 'tight', scope: 'team', scopeId: 'sales', version: '2.1.0' } as const;

const SAID: Pick<EngineDecision, 'policies' | 'domains'> = {
  policies: [
    { ...company, domain: 'actions', ...allowed },
    { ...team, domain: 'actions', ...denied },
    { ...company, domain: 'data', ...allowed },
  ],
  domains: [
    {
      domain: 'actions',
      autonomy: 'block',
      default: false,
      scopes: [
        { scope: 'enterprise', scopeId: 'acme', ...allowed, reason: 'may be done with notice' },
        { scope: 'team', scopeId: 'sales', ...denied, reason: 'is blocked' },
      ],
    },
    { domain: 'models', autonomy: 'approve', default: true, scopes: [] },
    {
      domain: 'data',
      autonomy: 'notify',
      default: false,
      scopes: [{ scope: 'enterprise', scopeId: 'acme', ...allowed, reason: 'may leave' }],
    },
  ],
};

describe('what is recorded of a decision', () => {
  test('comes back as it was said', () => {
    expect(fromRecord(toRecord(SAID))).toEqual(SAID);
  });

  test('names each policy once', () => {
    const text = JSON.stringify(toRecord(SAID));
    expect(text.match(/"tight"/g)).toHaveLength(1);
    expect(text.length).toBeLessThan(JSON.stringify(SAID).length * 0.65);
  });

  test('of an earlier version is read as it is', () => {
    expect(fromRecord(SAID)).toEqual(SAID);
  });
});
