import { type Command, InvalidArgumentError } from 'commander';
import type { Query } from '../api/client.ts';

/** Filters of the audit log by the name of their query parameter. All that are given must hold. */
export type AuditFilters = Readonly<
  Partial<
    Record<
      | 'userId'
      | 'actionType'
      | 'policyResult'
      | 'outcome'
      | 'classification'
      | 'requestId'
      | 'source'
      | 'q'
      | 'from'
      | 'to',
      string
    >
  >
>;

export function withFilters(command: Command): Command {
  return command
    .option('--user-id <id>', 'on whose behalf')
    .option('--action-type <type>', 'such as policy_decision, policy_change, tool_invocation, sign_in')
    .option('--policy-result <result>', 'allow, deny, require_approval')
    .option('--outcome <outcome>', 'success, denied, error, pending_approval')
    .option('--classification <label>', 'of the data: public, internal, confidential, restricted')
    .option('--request-id <id>', 'of one request')
    .option('--source <system>', 'some data came from there, such as gmail')
    .option('--q <words>', 'words that all occur in the detail or the reason')
    .option('--from <time>', 'first moment, ISO 8601 (without a zone: local time)', moment)
    .option('--to <time>', 'last moment', moment);
}

/** Only what is a filter, of all options of a command. */
export function filtersOf(options: AuditFilters): Query {
  const { userId, actionType, policyResult, outcome, classification, requestId, source, q, from, to } = options;
  return { userId, actionType, policyResult, outcome, classification, requestId, source, q, from, to };
}

/** A moment in UTC, as the service takes it. */
export function moment(text: string): string {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError('It must be a time such as 2026-01-31T08:00:00Z.');
  return new Date(time).toISOString();
}
