import { IdentityModule } from '#identity';
import { PolicyModule } from '#policy';
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.ts';
import { Lifecycle } from './lifecycle.ts';
import { PoolMetrics } from './pool.metrics.ts';

/** Probes for Kubernetes and the status of each component for people. */
@Module({
  imports: [TerminusModule.forRoot({ errorLogStyle: 'json', logger: false }), IdentityModule, PolicyModule],
  controllers: [HealthController],
  providers: [Lifecycle, PoolMetrics],
  exports: [Lifecycle],
})
export class HealthModule {}
