import { AuditModule } from '#audit';
import { IdentityModule } from '#identity';
import { PolicyModule } from '#policy';
import { Module } from '@nestjs/common';
import { Bulletin } from './bulletin.ts';
import { DecisionDesk, NoDesk } from './decision-desk.ts';
import { Endings } from './endings.ts';
import { EXCHANGE_METRICS, ExchangeMetrics } from './exchange.metrics.ts';
import { ExchangeReader } from './exchange-reader.ts';
import { ExchangesController } from './exchanges.controller.ts';
import { Exchanges } from './exchanges.ts';
import { Settlement } from './settlement.ts';
import { Sides } from './sides.ts';
import { Speaker } from './speaker.ts';
import { Texts } from './texts.ts';
import { TimeOver } from './time-over.ts';

/** Bounded conversations between the assistants of two people. */
@Module({
  imports: [AuditModule, IdentityModule, PolicyModule],
  controllers: [ExchangesController],
  providers: [
    ...EXCHANGE_METRICS,
    ExchangeMetrics,
    Texts,
    Sides,
    Speaker,
    Endings,
    Bulletin,
    Settlement,
    TimeOver,
    Exchanges,
    ExchangeReader,
    { provide: DecisionDesk, useClass: NoDesk },
  ],
  exports: [Exchanges, Speaker, ExchangeReader],
})
export class ExchangeModule {}
