import { Injectable } from '@nestjs/common';
import {
  InjectMetric,
  makeCounterProvider,
  makeGaugeProvider,
  makeHistogramProvider,
} from '@willsoto/nestjs-prometheus';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Decision } from './rules/index.ts';

export const POLICY_METRICS = [
  makeHistogramProvider({
    name: 'policy_evaluation_duration_seconds',
    help: 'Time for OPA to decide, waiting for a batch included; the audit write is not.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  }),
  makeCounterProvider({ name: 'policy_evaluations_total', help: 'Decisions given.', labelNames: ['decision'] }),
  makeCounterProvider({
    name: 'policy_evaluation_failures_total',
    help: 'Evaluations denied because OPA gave no usable answer.',
  }),
  makeGaugeProvider({
    name: 'policy_revision_wanted',
    help: 'Sum over tenants of the newest committed bundle revisions.',
  }),
  makeGaugeProvider({
    name: 'policy_revision_active',
    help: "Sum over tenants of the revisions that this replica's OPA runs.",
  }),
  makeHistogramProvider({
    name: 'policy_propagation_seconds',
    help: 'Time from learning of a policy change to OPA reporting it active.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
  }),
];

/** The measures of the policy module. */
@Injectable()
export class PolicyMetrics {
  constructor(
    @InjectMetric('policy_evaluation_duration_seconds') private readonly duration: Histogram,
    @InjectMetric('policy_evaluations_total') private readonly decisions: Counter<'decision'>,
    @InjectMetric('policy_evaluation_failures_total') private readonly failures: Counter,
    @InjectMetric('policy_revision_wanted') private readonly wanted: Gauge,
    @InjectMetric('policy_revision_active') private readonly active: Gauge,
    @InjectMetric('policy_propagation_seconds') private readonly propagation: Histogram,
  ) {}

  evaluated(seconds: number): void {
    this.duration.observe(seconds);
  }

  decided(decision: Decision): void {
    this.decisions.inc({ decision });
  }

  failed(): void {
    this.failures.inc();
  }

  propagated(seconds: number): void {
    this.propagation.observe(seconds);
  }

  revisions(wanted: number, active: number): void {
    this.wanted.set(wanted);
    this.active.set(active);
  }
}
