import { ApprovalsModule } from '#approvals';
import { AuditModule } from '#audit';
import { AutoResponseModule } from '#auto-response';
import { BriefingModule } from '#briefing';
import { ConnectorsModule } from '#connectors';
import { ExchangeModule } from '#exchange';
import { HealthModule } from '#health';
import { AuthenticationGuard, IdentityModule, SESSION_COOKIE } from '#identity';
import { ClockModule } from '#libs/clock';
import { ConfigModule, type Settings } from '#libs/config';
import { ConsoleModule } from '#libs/console';
import { DatabaseModule } from '#libs/database';
import { EventsModule } from '#libs/events';
import { IdempotencyGuard, ProblemFilter, RateLimitGuard, validationPipe } from '#libs/http';
import { JobsModule } from '#libs/jobs';
import { RedisModule } from '#libs/redis';
import { SealingModule } from '#libs/sealing';
import { TelemetryModule } from '#libs/telemetry';
import { LiveModule } from '#live';
import { PolicyModule } from '#policy';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';

/** The whole gateway. */
@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(settings),
        ClockModule,
        DatabaseModule,
        JobsModule,
        SealingModule,
        EventsModule,
        RedisModule,
        ScheduleModule.forRoot(),
        TelemetryModule,
        AuditModule,
        IdentityModule,
        PolicyModule,
        ApprovalsModule,
        ConnectorsModule,
        AutoResponseModule,
        BriefingModule,
        ExchangeModule,
        LiveModule,
        HealthModule,
        ConsoleModule.with({
          sessionCookie: SESSION_COOKIE,
          demoAccounts: settings.OPENCLAW_PROFILE === 'embedded',
        }),
      ],
      providers: [
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useFactory: validationPipe },
        // In this order: who calls, how often, and whether the same call was answered before.
        { provide: APP_GUARD, useExisting: AuthenticationGuard },
        { provide: APP_GUARD, useClass: RateLimitGuard },
        { provide: APP_GUARD, useClass: IdempotencyGuard },
      ],
    };
  }
}
