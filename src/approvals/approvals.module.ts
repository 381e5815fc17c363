import { AuditModule } from '#audit';
import { IdentityModule } from '#identity';
import { PolicyModule } from '#policy';
import { Module } from '@nestjs/common';
import { Approvals } from './approvals.ts';
import { Settlements } from './settlements.ts';

/** What people must decide before it is done: drafted answers, tool calls, commitments. */
@Module({
  imports: [AuditModule, IdentityModule, PolicyModule],
  providers: [Settlements, Approvals],
  exports: [Approvals],
})
export class ApprovalsModule {}
