import { AuditModule } from '#audit';
import { IdentityModule } from '#identity';
import { PolicyModule } from '#policy';
import { Global, Module } from '@nestjs/common';
import { APPROVAL_METRICS, ApprovalClock } from './approval-clock.ts';
import { ApprovalsController } from './approvals.controller.ts';
import { Approvals } from './approvals.ts';
import { ToolApprovals } from './tool-approvals.ts';

/** What people have to decide: drafted replies, tool calls, commitments. */
@Global()
@Module({
  imports: [AuditModule, IdentityModule, PolicyModule],
  controllers: [ApprovalsController],
  providers: [...APPROVAL_METRICS, Approvals, ToolApprovals, ApprovalClock],
  exports: [Approvals, ToolApprovals],
})
export class ApprovalsModule {}
