import { ApprovalsModule } from '#approvals';
import { AuditModule } from '#audit';
import { ConnectorsModule } from '#connectors';
import { IdentityModule } from '#identity';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { PolicyModule } from '#policy';
import { Module } from '@nestjs/common';
import { AUTO_RESPONSE_METRICS, AutoResponseMetrics } from './auto-response.metrics.ts';
import { AutoResponses } from './auto-responses.ts';
import { Intake } from './intake/intake.ts';
import { MailIntake } from './intake/mail-intake.ts';
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
import { ModelEndpoint } from './strategies/model-endpoint.ts';
import { ModelClassifier, ModelDrafter } from './strategies/model.ts';
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
    MailIntake,
    AutoResponses,
    KeptRules,
    PolicyFloor,
    RepliesApproved,
    LocalClassifier,
    LocalDrafter,
    ModelEndpoint,
    {
      provide: Classifier,
      inject: [SETTINGS_TOKEN, ModelEndpoint, LocalClassifier],
      useFactory: (settings: Settings, model: ModelEndpoint, local: LocalClassifier) =>
        settings.MODEL_BASE_URL ? new ModelClassifier(model, local) : local,
    },
    {
      provide: Drafter,
      inject: [SETTINGS_TOKEN, ModelEndpoint, LocalDrafter],
      useFactory: (settings: Settings, model: ModelEndpoint, local: LocalDrafter) =>
        settings.MODEL_BASE_URL ? new ModelDrafter(model, local) : local,
    },
    Classifying,
    Deciding,
    Sending,
  ],
  exports: [AutoResponses, Intake],
})
export class AutoResponseModule {}
