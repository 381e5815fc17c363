export { jiraConnector } from './jira-connector.ts';
