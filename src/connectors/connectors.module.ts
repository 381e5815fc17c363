import { AuditModule } from '#audit';
import { IdentityModule } from '#identity';
import { PolicyModule } from '#policy';
import { Module } from '@nestjs/common';
import { ConnectedWork } from './connected-work.ts';
import { ConnectorsController } from './connectors.controller.ts';
import { Connectors } from './connectors.ts';
import { NewMail } from './new-mail.ts';
import { AddressRules } from './pipeline/address-rules.ts';
import { Authorisations } from './pipeline/authorisations.ts';
import { CONNECTOR_METRICS, ConnectorMetrics } from './pipeline/connector-metrics.ts';
import { Gate } from './pipeline/gate.ts';
import { Operations } from './pipeline/operations.ts';
import { VendorAccesses } from './pipeline/vendor-access.ts';
import { Resealing } from './pipeline/resealing.ts';
import { CONNECTORS, REGISTRY } from './registry.ts';
import { StoredWork } from './sync/stored-work.ts';
import { SyncSchedule } from './sync/sync-schedule.ts';
import { Syncs } from './sync/syncs.ts';
import { WebhooksController } from './webhooks/webhooks.controller.ts';
import { Webhooks } from './webhooks/webhooks.ts';

/** The systems that people work in: connecting them, reading and writing under policy, and what is known of the work there. */
@Module({
  imports: [AuditModule, IdentityModule, PolicyModule],
  controllers: [ConnectorsController, WebhooksController],
  providers: [
    ...CONNECTOR_METRICS,
    ConnectorMetrics,
    { provide: CONNECTORS, useValue: REGISTRY },
    AddressRules,
    Authorisations,
    Resealing,
    VendorAccesses,
    Gate,
    Operations,
    Connectors,
    NewMail,
    Syncs,
    SyncSchedule,
    Webhooks,
    { provide: ConnectedWork, useClass: StoredWork },
  ],
  exports: [ConnectedWork, Connectors, NewMail],
})
export class ConnectorsModule {}
