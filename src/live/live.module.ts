import { ApprovalsModule } from '#approvals';
import { AuditModule } from '#audit';
import { ExchangeModule } from '#exchange';
import { IdentityModule } from '#identity';
import { PolicyModule } from '#policy';
import { Module } from '@nestjs/common';
import { makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import { Deliveries } from './deliveries.ts';
import { LiveCalls } from './live-calls.ts';
import { LiveGateway } from './live-gateway.ts';
import { METHOD_PROVIDERS } from './methods/index.ts';
import { LocalRoster, Roster } from './roster.ts';
import { Standings } from './standing.ts';

/** Assistants and people who are connected: requests, and events as they come. */
@Module({
  imports: [AuditModule, IdentityModule, PolicyModule, ApprovalsModule, ExchangeModule],
  providers: [
    makeGaugeProvider({ name: 'websocket_connections', help: 'Open WebSocket connections of this process.' }),
    LocalRoster,
    { provide: Roster, useExisting: LocalRoster },
    Standings,
    Deliveries,
    ...METHOD_PROVIDERS,
    LiveCalls,
    LiveGateway,
  ],
})
export class LiveModule {}
