export { githubConnector } from './github-connector.ts';
