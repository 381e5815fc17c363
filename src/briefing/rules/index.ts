export { completion, isWork, type Completion, type PersonsWord } from './completion.ts';
export { correlate, type Correlated, type Correlation, type ItemPair, type PeoplesDecisions } from './correlation.ts';
export { dayOf, type Deadline, deadlineOf, weekdayOf } from './deadlines.ts';
export { freeTime, type Span, type WorkingDay } from './free-time.ts';
export { effort, plan, type PlannableTask, type TimeBlock } from './planning.ts';
export { itemKey } from './reference-index.ts';
export {
  rank,
  score,
  type Score,
  type ScoredTask,
  type ScoreParts,
  type ScorableTask,
  type ScoringContext,
} from './scoring.ts';
export { seniorityFor, type ChainLink } from './seniority.ts';
export { MERGED_FROM, RELATED_FROM, type ConfidenceParts } from './similarity.ts';
export {
  advance,
  leavesAt,
  LONGEST_RETENTION,
  mayBecome,
  retentionUnder,
  TASK_STATES,
  type Retention,
  type TaskLife,
  type TaskState,
} from './states.ts';
