import { AuditModule, ExportRights } from '#audit';
import { IdentityModule } from '#identity';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { OpaCommand } from '#libs/opa';
import { Global, Module } from '@nestjs/common';
import { AuthzenController } from './authzen/authzen.controller.ts';
import { Bundles } from './bundles/bundles.ts';
import { OpaApiController, OpaTokenGuard } from './bundles/opa-api.controller.ts';
import { TenantBundles } from './bundles/tenant-bundles.ts';
import { Propagation } from './bundles/propagation.ts';
import { Decisions } from './evaluation/decisions.ts';
import { PolicyEngine } from './evaluation/engine.ts';
import { EvaluationController } from './evaluation/evaluation.controller.ts';
import { Evaluator } from './evaluation/evaluator.ts';
import { PolicyExportRights } from './export-rights.ts';
import { ActiveModules, ModuleChecker, OpaModuleChecker } from './modules/index.ts';
import { DataRules } from './data-rules.ts';
import { ModuleRechecks } from './module-rechecks.ts';
import { PoliciesController } from './policies.controller.ts';
import { Policies } from './policies.ts';
import { PolicyReader } from './policy-reader.ts';
import { PolicyTexts } from './policy-texts.ts';
import { POLICY_METRICS, PolicyMetrics } from './policy.metrics.ts';
import { RecordedRequests } from './simulation/recorded-requests.ts';
import { SimulationController } from './simulation/simulation.controller.ts';
import { Simulations } from './simulation/simulations.ts';

/** What assistants may do: policies and their versions, bundles for OPA, decisions and their explanations. */
@Global()
@Module({
  imports: [AuditModule, IdentityModule],
  controllers: [PoliciesController, SimulationController, EvaluationController, AuthzenController, OpaApiController],
  providers: [
    ...POLICY_METRICS,
    PolicyMetrics,
    {
      provide: ModuleChecker,
      inject: [SETTINGS_TOKEN],
      useFactory: (settings: Settings) => new OpaModuleChecker(new OpaCommand(settings.OPA_BIN)),
    },
    PolicyTexts,
    ActiveModules,
    PolicyReader,
    Policies,
    DataRules,
    ModuleRechecks,
    Bundles,
    TenantBundles,
    Propagation,
    OpaTokenGuard,
    PolicyEngine,
    Evaluator,
    Decisions,
    RecordedRequests,
    Simulations,
    { provide: ExportRights, useClass: PolicyExportRights },
  ],
  exports: [
    ExportRights,
    Policies,
    PolicyReader,
    ModuleRechecks,
    DataRules,
    Propagation,
    PolicyEngine,
    Evaluator,
    Decisions,
  ],
})
export class PolicyModule {}
