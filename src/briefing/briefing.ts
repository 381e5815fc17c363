import type { ConnectorStatus, ConnectorType } from '#connectors';
import type { Classification } from '#libs/classification';
import type { ScoreParts } from './rules/index.ts';

/** Where a task comes from: one work item. */
export interface TaskSource {
  readonly system: ConnectorType;
  readonly id: string;
  readonly url: string | null;
}

/** A task as a briefing shows it. Source: the API contract, "Shapes". */
export interface BriefedTask {
  readonly id: string;
  readonly title: string;
  /** 0–100, the sum of its parts. */
  readonly score: number;
  readonly scoreParts: ScoreParts;
  /** In plain words: `due today`, `2 people wait for it`. */
  readonly reasons: readonly string[];
  readonly sources: readonly TaskSource[];
  /** An instant, or a date that ends with the person's day. */
  readonly deadline?: string;
  readonly classification: Classification;
  /** Possibly the same work as another task: the person may merge or split them. */
  readonly relation?: { readonly taskId: string; readonly confidence: number };
}

export interface BriefedMeeting {
  readonly start: string;
  readonly end: string;
  readonly title: string;
  readonly allDay: boolean;
}

/** What a person reads in the morning. Source: the API contract, "Shapes". */
export interface Briefing {
  readonly id: string;
  readonly userId: string;
  readonly generatedAt: string;
  /** Only of a scheduled one. */
  readonly window?: {
    readonly start: string;
    readonly end: string;
    /** Only of one that was not ready before the end. */
    readonly late?: true;
  };
  /** The date that the time blocks are for: today, or the next working day when today's working hours are over. */
  readonly plannedDay: string;
  readonly timeZone: string;
  /** The highest of its tasks' labels. */
  readonly classification: Classification;
  readonly tasks: readonly BriefedTask[];
  /** Tasks that fit the filters and are left out for length. */
  readonly more: number;
  readonly timeBlocks: readonly {
    readonly start: string;
    readonly end: string;
    readonly taskId: string;
    readonly label: string;
  }[];
  /** Of the planned day. */
  readonly meetings: readonly BriefedMeeting[];
  /** Since the briefing before, at most of a day; `drafted`: what waits for an approval now. */
  readonly autoResponses: {
    readonly sent: number;
    readonly drafted: number;
    readonly surfaced: number;
    readonly expired: number;
  };
  readonly approvals: { readonly pending: number };
  readonly connectorStatus: readonly ConnectorStatus[];
}

/** What a briefing may leave out. */
export interface BriefingFilter {
  readonly minScore?: number | undefined;
  /** Only tasks with an item of one of these. */
  readonly sources?: readonly ConnectorType[] | undefined;
  /** True: only tasks for which others wait; false: only the others. */
  readonly blocking?: boolean | undefined;
}
