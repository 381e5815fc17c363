import { describe, expect, test } from '@jest/globals';
import { Latencies } from './latencies.ts';
import { addErrors, costInWords, costOfCall, passes, render, type Report, toJson } from './report.ts';

const latencies = new Latencies();
for (let ms = 1; ms <= 100; ms++) latencies.record(ms);

const report: Report = {
  scenario: 'policy',
  parameters: { users: 5 },
  rows: [{ title: 'Policy Evaluation', latencies, throughput: 1234, errorRate: 0.002, passes: false }],
  criteria: [
    { what: 'P95 < 100 ms: 95.0 ms', holds: true },
    { what: 'no errors: 0.20 % of 100 calls', holds: false },
  ],
  errors: { 'socket ECONNRESET': 1, '503 overloaded': 4 },
  notes: ['Warm-up excluded.'],
};

describe('the report', () => {
  test('is a table, the criteria and the errors by kind, most frequent first', () => {
    const text = render(report);
    expect(text).toMatch(
      /\| Policy Evaluation \| 50\.\d ms \| 95\.\d ms \| 99\.\d ms \| +1,234\/s \| +0\.20 % \| +FAIL \|/,
    );
    expect(text).toContain('ok      P95 < 100 ms: 95.0 ms\nMISSED  no errors: 0.20 % of 100 calls');
    expect(text).toContain('Errors:\n  4 × 503 overloaded\n  1 × socket ECONNRESET');
  });

  test('passes only where every criterion holds', () => {
    expect(passes(report)).toBe(false);
    expect(passes({ ...report, criteria: report.criteria.slice(0, 1) })).toBe(true);
  });

  test('as JSON has percentiles, machine and everything else', () => {
    const json = JSON.parse(JSON.stringify(toJson(report, new Date(0)))) as Record<string, unknown>;
    expect(json).toMatchObject({
      scenario: 'policy',
      passes: false,
      startedAt: '1970-01-01T00:00:00.000Z',
      rows: [{ title: 'Policy Evaluation', calls: 100, latencyMs: { p50: expect.closeTo(50, 0) } }],
      machine: { node: process.version },
    });
  });

  test('tells what a call costs each part', () => {
    const shares = { gateway: 0.5, opa: 0.25, postgres: 0.2, generator: 0.05, others: 1 };
    expect(costOfCall(shares, 1_000)).toEqual({ gateway: 0.5, opa: 0.25, postgres: 0.2, generator: 0.05 });
    expect(costInWords(shares, 1_000)).toContain('together 1.00 ms, so 1,000 calls/s would fill a core');
    expect(costOfCall(shares, 0)).toMatchObject({ gateway: 0 });
  });

  test('adds the errors of several runs', () => {
    expect(addErrors([{ errors: { a: 1 } }, { errors: { a: 2, b: 3 } }])).toEqual({ a: 3, b: 3 });
  });
});
