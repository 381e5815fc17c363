export * from './rules/index.ts';
export { BriefingModule } from './briefing.module.ts';
export { Briefings } from './generation/briefings.ts';
export type { BriefedTask, Briefing } from './briefing.ts';
