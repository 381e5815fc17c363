import { ApprovalsModule } from '#approvals';
import { AuditModule } from '#audit';
import { ConnectorsModule } from '#connectors';
import { IdentityModule } from '#identity';
import { PolicyModule } from '#policy';
import { Module } from '@nestjs/common';
import { BRIEFING_METRICS, BriefingMetrics } from './briefing.metrics.ts';
import { FeatureGate } from './feature-gate.ts';
import { BriefingsController } from './generation/briefings.controller.ts';
import { Briefings } from './generation/briefings.ts';
import { OwnPerson } from './own-person.ts';
import { Delivery } from './schedule/delivery.ts';
import { ScheduleController } from './schedule/schedule.controller.ts';
import { ScheduleRunner } from './schedule/schedule-runner.ts';
import { Schedules } from './schedule/schedules.ts';
import { DirectoryChain } from './tasks/directory-chain.ts';
import { Retirement } from './tasks/retirement.ts';
import { TaskBook } from './tasks/task-book.ts';
import { TasksController } from './tasks/tasks.controller.ts';
import { Tasks } from './tasks/tasks.ts';

/** What each person has to do: tasks out of the work in connected systems, and the briefing that ranks and plans them. */
@Module({
  imports: [AuditModule, IdentityModule, PolicyModule, ConnectorsModule, ApprovalsModule],
  controllers: [TasksController, BriefingsController, ScheduleController],
  providers: [
    ...BRIEFING_METRICS,
    BriefingMetrics,
    OwnPerson,
    FeatureGate,
    DirectoryChain,
    TaskBook,
    Tasks,
    Retirement,
    Briefings,
    Schedules,
    Delivery,
    ScheduleRunner,
  ],
  exports: [Briefings, TaskBook],
})
export class BriefingModule {}
