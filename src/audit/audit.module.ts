import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.ts';
import { AuditLog } from './audit-log.ts';
import { AuditReader } from './audit-reader.ts';
import { Clock } from '#libs/clock';
import { IdSource, UlidSource } from './ids.ts';
import { Completeness } from './completeness.ts';
import { GapWatch } from './gap-watch.ts';
import { AuditMetrics, PrometheusAuditMetrics } from './metrics.ts';
import { ReceivedEntries } from './received-entries.ts';
import { PartitionKeeper, PARTITIONS_AHEAD } from './partition-keeper.ts';
import { AuditSink, PostgresSink } from './sink.ts';

/**
 * The audit log: appending, reading, completeness. Needs `Directory`, `Database` and the settings from global modules,
 * and `ScheduleModule.forRoot()` in the application for the nightly partitions.
 */
@Module({
  controllers: [AuditController],
  providers: [
    { provide: IdSource, inject: [Clock], useFactory: (clock: Clock) => new UlidSource(clock) },
    { provide: AuditMetrics, useFactory: () => new PrometheusAuditMetrics() },
    {
      provide: AuditSink,
      inject: [SETTINGS_TOKEN],
      useFactory: (settings: Settings) =>
        new PostgresSink({
          url: settings.DATABASE_URL,
          name: `openclaw-audit-${settings.OPENCLAW_REPLICA_ID}`,
          timeoutMs: settings.AUDIT_APPEND_TIMEOUT_MS,
        }),
    },
    {
      provide: AuditLog,
      inject: [AuditSink, Clock, IdSource, AuditMetrics, SETTINGS_TOKEN],
      useFactory: (sink: AuditSink, clock: Clock, ids: IdSource, metrics: AuditMetrics, settings: Settings) =>
        new AuditLog(sink, clock, ids, metrics, {
          replicaId: settings.OPENCLAW_REPLICA_ID,
          queueLimit: settings.AUDIT_QUEUE_LIMIT,
          batchLimit: settings.AUDIT_BATCH_LIMIT,
          timeoutMs: settings.AUDIT_APPEND_TIMEOUT_MS,
          partitionsAhead: settings.AUDIT_PARTITIONS_AHEAD,
        }),
    },
    {
      provide: PARTITIONS_AHEAD,
      inject: [SETTINGS_TOKEN],
      useFactory: (settings: Settings) => settings.AUDIT_PARTITIONS_AHEAD,
    },
    AuditReader,
    ReceivedEntries,
    Completeness,
    GapWatch,
    PartitionKeeper,
  ],
  exports: [IdSource, AuditLog, AuditReader, Completeness, ReceivedEntries],
})
export class AuditModule {}
