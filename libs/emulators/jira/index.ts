export { document } from './adf.ts';
export { type JiraIssue, type JiraUser } from './issue.ts';
export {
  JiraEmulator,
  rateLimited,
  startJiraEmulator,
  type IssueChanges,
  type JiraEmulatorOptions,
} from './jira-emulator.ts';
