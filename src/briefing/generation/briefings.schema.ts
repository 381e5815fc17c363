import { CONNECTOR_TYPES } from '#connectors';
import { z } from 'zod';
import { FORMATS } from '../renderings/index.ts';

export const BRIEFING_ID = z
  .string()
  .regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'must be a briefing id: 26 characters of a ULID');

/** `POST /briefings` */
export const NEW_BRIEFING = z.strictObject({
  minScore: z.number().int().min(0).max(100).optional().describe('Only tasks with at least this score'),
  sources: z
    .array(z.enum(CONNECTOR_TYPES))
    .min(1)
    .max(CONNECTOR_TYPES.length)
    .optional()
    .describe('Only tasks with an item of one of these systems'),
  blocking: z.boolean().optional().describe('true: only tasks for which others wait; false: only the others'),
});
export type NewBriefing = z.output<typeof NEW_BRIEFING>;

export const BRIEFING_LIST = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: BRIEFING_ID.optional(),
});
export type BriefingList = z.output<typeof BRIEFING_LIST>;

export const RENDERING = z.strictObject({
  format: z.enum(FORMATS).optional().describe('Without it: what the Accept header asks for'),
});
export type Rendering = z.output<typeof RENDERING>;
