import { CONNECTOR_TYPES } from '#connectors';
import { z } from 'zod';
import { TASK_STATES } from '../rules/index.ts';

/** A query parameter that is on or off. */
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const SHOWN_STATES = TASK_STATES.filter((state) => state !== 'purged') as Exclude<
  (typeof TASK_STATES)[number],
  'purged'
>[];

export const TASK_ID = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'must be a task id: 26 characters of a ULID');

/** `GET /tasks` */
export const TASK_LIST = z.strictObject({
  status: z.enum(SHOWN_STATES).optional().describe('Without it: the open ones, discovered and active'),
  minScore: z.coerce.number().int().min(0).max(100).optional(),
  source: z.enum(CONNECTOR_TYPES).optional().describe('Only tasks with an item of this system'),
  blocking: flag.optional().describe('Only tasks for which others wait, or only the others'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(400).optional(),
});
export type TaskList = z.output<typeof TASK_LIST>;

/** What a person may set. */
const SETTABLE = ['active', 'completed', 'archived'] as const;
export type SettableStatus = (typeof SETTABLE)[number];

/** `PATCH /tasks/:id` */
export const TASK_CHANGE = z.strictObject({ status: z.enum(SETTABLE) });
export type TaskChange = z.output<typeof TASK_CHANGE>;

/** `POST /tasks/:id/merge` */
export const MERGE = z.strictObject({ taskId: TASK_ID.describe('The other task') });
export type Merge = z.output<typeof MERGE>;

/** `POST /tasks/:id/split` */
export const SPLIT = z.strictObject({
  workItemIds: z
    .array(z.string().min(1).max(400))
    .min(1)
    .max(200)
    .describe(
      'Items that are another piece of work, each as `system:id` (see `workItemIds` of the task), or its id where that is enough',
    ),
});
export type Split = z.output<typeof SPLIT>;
