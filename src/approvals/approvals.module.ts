import { AuditModule } from '#audit';
import { IdentityModule } from '#identity';
import { PolicyModule } from '#policy';
import { Module } from '@nestjs/common';
import { ApprovalsController } from './approvals.controller.ts';
import { ApprovalsMetrics } from './approvals.metrics.ts';
import { Approvals } from './approvals.ts';
import { Deadlines } from './deadlines.ts';
import { Settlements } from './settlements.ts';
import { ToolApprovals } from './tool-approvals.ts';

/** What people must decide before it is done: drafted answers, tool calls, commitments. */
@Module({
  imports: [AuditModule, IdentityModule, PolicyModule],
  controllers: [ApprovalsController],
  providers: [Settlements, Approvals, ToolApprovals, Deadlines, ApprovalsMetrics],
  exports: [Approvals],
})
export class ApprovalsModule {}
