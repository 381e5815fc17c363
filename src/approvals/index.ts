export { ApprovalsModule } from './approvals.module.ts';
export { Approvals } from './approvals.ts';
export { APPROVE, REJECT } from './approvals.schema.ts';
export type { Approval, Decision, Kind, NewApproval, OnSettled, Owner, Status } from './approval.ts';
