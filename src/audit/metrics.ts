import { Counter, Gauge, Histogram, register, type Registry } from 'prom-client';

/** Port through which the audit log says how it is doing. */
export abstract class AuditMetrics {
  /** So many entries became durable, so many seconds after they were handed over. */
  abstract appended(entries: number, seconds: number): void;
  /** So many entries were refused or given up, for the reason with this problem code. */
  abstract failed(entries: number, code: string): void;
  /** Entries known to be missing from a tenant's log. */
  abstract missing(tenantId: string, entries: number): void;
  /** Where to read how many entries wait; the answer ends it. */
  abstract watchQueue(depth: () => number): () => void;
}

const QUEUES = new WeakMap<Registry, Set<() => number>>();

/** Registers with Prometheus; several applications in one process share the same metrics. */
export class PrometheusAuditMetrics extends AuditMetrics {
  private readonly duration: Histogram;
  private readonly entries: Counter;
  private readonly failures: Counter<'code'>;
  private readonly gaps: Gauge;
  private readonly queues: Set<() => number>;
  private readonly missingOf = new Map<string, number>();

  constructor(registry: Registry = register) {
    super();
    const registers = [registry];
    const once = <T>(name: string, make: () => T): T => (registry.getSingleMetric(name) as T | undefined) ?? make();
    const queues = QUEUES.get(registry) ?? new Set<() => number>();
    QUEUES.set(registry, queues);
    this.queues = queues;
    this.duration = once(
      'audit_append_duration_seconds',
      () =>
        new Histogram({
          name: 'audit_append_duration_seconds',
          help: 'From handing an entry over until it is durable.',
          buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
          registers,
        }),
    );
    this.entries = once(
      'audit_entries_total',
      () => new Counter({ name: 'audit_entries_total', help: 'Audit entries made durable.', registers }),
    );
    this.failures = once(
      'audit_append_failures_total',
      () =>
        new Counter({
          name: 'audit_append_failures_total',
          help: 'Audit entries refused or given up, by problem code.',
          labelNames: ['code'],
          registers,
        }),
    );
    this.gaps = once(
      'audit_gaps',
      () => new Gauge({ name: 'audit_gaps', help: 'Audit entries known to be missing.', registers }),
    );
    once(
      'audit_queue_depth',
      () =>
        new Gauge({
          name: 'audit_queue_depth',
          help: 'Audit entries that wait for the database.',
          registers,
          collect() {
            let depth = 0;
            for (const read of queues) depth += read();
            this.set(depth);
          },
        }),
    );
  }

  appended(entries: number, seconds: number): void {
    this.duration.observe(seconds);
    this.entries.inc(entries);
  }

  failed(entries: number, code: string): void {
    this.failures.inc({ code }, entries);
  }

  missing(tenantId: string, entries: number): void {
    this.missingOf.set(tenantId, entries);
    this.gaps.set([...this.missingOf.values()].reduce((sum, one) => sum + one, 0));
  }

  watchQueue(depth: () => number): () => void {
    this.queues.add(depth);
    return () => this.queues.delete(depth);
  }
}
