export * from './rules/index.ts';
export { AutoResponseModule } from './auto-response.module.ts';
export { AutoResponses, type AutoResponseSummary } from './auto-responses.ts';
