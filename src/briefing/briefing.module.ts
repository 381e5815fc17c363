import { AuditModule } from '#audit';
import { ConnectorsModule } from '#connectors';
import { IdentityModule } from '#identity';
import { PolicyModule } from '#policy';
import { Module } from '@nestjs/common';
import { BRIEFING_METRICS, BriefingMetrics } from './briefing.metrics.ts';
import { BriefingsController } from './generation/briefings.controller.ts';
import { Briefings } from './generation/briefings.ts';
import { OwnPerson } from './own-person.ts';
import { DirectoryChain } from './tasks/directory-chain.ts';
import { TaskBook } from './tasks/task-book.ts';
import { TasksController } from './tasks/tasks.controller.ts';
import { Tasks } from './tasks/tasks.ts';

/** What each person has to do: tasks out of the work in connected systems, and the briefing that ranks and plans them. */
@Module({
  imports: [AuditModule, IdentityModule, PolicyModule, ConnectorsModule],
  controllers: [TasksController, BriefingsController],
  providers: [...BRIEFING_METRICS, BriefingMetrics, OwnPerson, DirectoryChain, TaskBook, Tasks, Briefings],
  exports: [Briefings, TaskBook],
})
export class BriefingModule {}
