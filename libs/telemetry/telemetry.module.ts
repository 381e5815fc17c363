import { Controller, Module } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { MetricsServer } from './metrics-server.ts';

/** The metrics are served by {@link MetricsServer} alone, so the module's own controller has no route. */
@Controller()
class NoRoutes {}

@Module({
  imports: [PrometheusModule.register({ controller: NoRoutes, defaultMetrics: { enabled: true } })],
  providers: [MetricsServer],
  exports: [MetricsServer],
})
export class TelemetryModule {}
