export * from './jobs.ts';
export { JobsModule } from './jobs.module.ts';
export { JOBS_SCHEMA, prepareJobsSchema } from './schema.ts';
