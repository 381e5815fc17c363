import { availableParallelism, loadavg, totalmem } from 'node:os';
import type { Measured } from './generator/generator.ts';
import type { Latencies } from './latencies.ts';
import { count, milliseconds, percent, table } from './table.ts';
import type { Part } from './usage.ts';

/** A pass criterion and what was measured against it. */
export interface Criterion {
  readonly what: string;
  readonly holds: boolean;
}

export interface ResultRow {
  readonly title: string;
  readonly latencies: Latencies;
  /** A second. */
  readonly throughput: number;
  readonly errorRate: number;
  /** Whether the row's own criteria hold; absent: it has none. */
  readonly passes?: boolean | undefined;
}

/** Shares of one core; the generator's is its thread's. */
export type Shares = Record<Part | 'others', number> & { readonly generator: number };

export interface Report {
  readonly scenario: string;
  readonly parameters: Record<string, unknown>;
  readonly rows: readonly ResultRow[];
  readonly criteria: readonly Criterion[];
  /** Errors by kind. */
  readonly errors: Record<string, number>;
  readonly shares?: Shares | undefined;
  /** Sentences about what was done and seen. */
  readonly notes: readonly string[];
  /** Whatever else the scenario measured. */
  readonly details?: unknown;
}

export function passes(report: Report): boolean {
  return report.criteria.every((criterion) => criterion.holds);
}

/** For a terminal. */
export function render(report: Report): string {
  const rows = report.rows.map((row) => [
    row.title,
    milliseconds(row.latencies.percentile(50)),
    milliseconds(row.latencies.percentile(95)),
    milliseconds(row.latencies.percentile(99)),
    `${count(row.throughput)}/s`,
    percent(row.errorRate),
    row.passes === undefined ? '' : row.passes ? 'Pass' : 'FAIL',
  ]);
  const errors = Object.entries(report.errors).sort(([, a], [, b]) => b - a);
  return [
    '',
    table(['Scenario', 'P50', 'P95', 'P99', 'Throughput', 'Error Rate', 'Status'], rows),
    '',
    ...report.criteria.map(({ what, holds }) => `${holds ? 'ok    ' : 'MISSED'}  ${what}`),
    ...(errors.length === 0 ? ['Errors: none'] : ['Errors:', ...errors.map(([kind, n]) => `  ${count(n)} × ${kind}`)]),
    ...(report.shares ? [`CPU, in shares of one core: ${sharesInWords(report.shares)}`] : []),
    ...report.notes,
  ].join('\n');
}

export function sharesInWords({ gateway, opa, postgres, generator, others }: Shares): string {
  return `gateway ${percent(gateway)}, OPA ${percent(opa)}, PostgreSQL ${percent(postgres)}, generator ${percent(generator)}; other work on this machine ${percent(others)}`;
}

/** Processor time that a call costs each part: comparable also where other work takes a share of the machine. */
export function costOfCall(shares: Shares, throughput: number): Record<Exclude<keyof Shares, 'others'>, number> {
  const cost = (share: number) => (throughput === 0 ? 0 : (share * 1_000) / throughput);
  return {
    gateway: cost(shares.gateway),
    opa: cost(shares.opa),
    postgres: cost(shares.postgres),
    generator: cost(shares.generator),
  };
}

export function costInWords(shares: Shares, throughput: number): string {
  const { gateway, opa, postgres, generator } = costOfCall(shares, throughput);
  const all = gateway + opa + postgres + generator;
  return (
    `Processor time a call: gateway ${milliseconds(gateway)}, OPA ${milliseconds(opa)}, PostgreSQL ${milliseconds(postgres)}, ` +
    `generator ${milliseconds(generator)}; together ${milliseconds(all)}, so ${count(1_000 / all)} calls/s would fill a core.`
  );
}

/** For `--json`. */
export function toJson(report: Report, startedAt: Date): unknown {
  return {
    ...report,
    passes: passes(report),
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    machine: {
      platform: `${process.platform}-${process.arch}`,
      cores: availableParallelism(),
      memoryGiB: Math.round(totalmem() / 1_073_741_824),
      node: process.version,
      loadAverage: loadavg(),
    },
    rows: report.rows.map(({ latencies, ...row }) => ({
      ...row,
      calls: latencies.count,
      latencyMs: latencies.summary(),
    })),
  };
}

/** What goes into the JSON about one run. */
export function runDetails({ all, byLabel, labels, ids: _, ...rest }: Measured) {
  const latencyMs = Object.fromEntries(labels.map((label, i) => [label, byLabel[i]!.summary()]));
  return { ...rest, latencyMs: { all: all.summary(), ...latencyMs } };
}

/** Errors of several runs together. */
export function addErrors(runs: readonly Pick<Measured, 'errors'>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { errors } of runs) for (const [kind, n] of Object.entries(errors)) sum[kind] = (sum[kind] ?? 0) + n;
  return sum;
}
