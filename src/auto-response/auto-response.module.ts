import { ApprovalsModule } from '#approvals';
import { AuditModule } from '#audit';
import { ConnectorsModule } from '#connectors';
import { IdentityModule } from '#identity';
import { PolicyModule } from '#policy';
import { Module } from '@nestjs/common';
import { AUTO_RESPONSE_METRICS, AutoResponseMetrics } from './auto-response.metrics.ts';
import { AutoResponses } from './auto-responses.ts';
import { Intake } from './intake/intake.ts';
import { MessagesController } from './intake/messages.controller.ts';
import { OwnPerson } from './own-person.ts';
import { KeptRules } from './preferences/kept-rules.ts';
import { RulesController } from './preferences/rules.controller.ts';
import { Sealed } from './sealed.ts';
import { Classifying } from './steps/classifying.ts';
import { Deciding } from './steps/deciding.ts';
import { PolicyFloor } from './steps/policy-floor.ts';
import { RepliesApproved } from './steps/replies-approved.ts';
import { Sending } from './steps/sending.ts';
import { LocalClassifier, LocalDrafter } from './strategies/local.ts';
import { Classifier, Drafter } from './strategies/strategies.ts';

/** Messages that arrive for people: what they are taken for, and what answers them, with the right amount of human say. */
@Module({
  imports: [AuditModule, IdentityModule, PolicyModule, ConnectorsModule, ApprovalsModule],
  controllers: [MessagesController, RulesController],
  providers: [
    ...AUTO_RESPONSE_METRICS,
    AutoResponseMetrics,
    OwnPerson,
    Sealed,
    Intake,
    AutoResponses,
    KeptRules,
    PolicyFloor,
    RepliesApproved,
    { provide: Classifier, useClass: LocalClassifier },
    { provide: Drafter, useClass: LocalDrafter },
    Classifying,
    Deciding,
    Sending,
  ],
  exports: [AutoResponses, Intake],
})
export class AutoResponseModule {}
