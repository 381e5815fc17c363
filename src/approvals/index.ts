export { ApprovalsModule } from './approvals.module.ts';
export { Approvals } from './approvals.ts';
export { ToolApprovals } from './tool-approvals.ts';
export { APPROVAL_ID, APPROVE, REJECT } from './approvals.schema.ts';
export * from './approval.ts';
