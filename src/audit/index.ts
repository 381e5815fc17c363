export { AuditModule } from './audit.module.ts';
export { AuditLog, type AuditLogOptions } from './audit-log.ts';
export { AuditReader, type AuditPage } from './audit-reader.ts';
export { Completeness, type CompletenessReport, type GapReport, type WriterReport } from './completeness.ts';
export { IdSource, isUlid, timeOf, UlidSource } from './ids.ts';
export type { AuditFilter } from './filter.ts';
export { AuditMetrics, PrometheusAuditMetrics } from './metrics.ts';
export { AuditSink, type Failure, PostgresSink, type PostgresSinkOptions, type Share, SinkError } from './sink.ts';
export * from './entry.ts';
