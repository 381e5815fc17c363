import type { Classification } from '#libs/classification';

/** The systems that people work in. Source: the API contract, "Connector types". */
export const CONNECTOR_TYPES = ['gmail', 'gcal', 'jira', 'github', 'gdrive'] as const;
export type ConnectorType = (typeof CONNECTOR_TYPES)[number];

export const WORK_KINDS = ['mail', 'meeting', 'issue', 'pull_request', 'document'] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

/** Why a thing is work for this person. Source: DOMAIN rules, section 4, "Sources". */
export const WORK_REASONS = [
  'unread',
  'flagged',
  'follow_up',
  'prepare',
  'assigned',
  'watched',
  'mentioned',
  'review_requested',
  'changes_requested',
  'commented',
  'shared_for_review',
] as const;
export type WorkReason = (typeof WORK_REASONS)[number];

/**
 * Something that an item names, in one canonical spelling, so that two items which name the same thing name it alike:
 * `url:https://github.com/acme/gateway/pull/42`, `key:PLAT-12`, `repo:acme/gateway#42`, `path:src/audit/writer.ts`,
 * `name:quarterly-report.xlsx`, `mail:<message-id>`.
 */
export interface Reference {
  readonly to: string;
  /** It points at that very thing and nothing else: a key in a branch name or a title, a link to the item itself. */
  readonly explicit: boolean;
}

export interface DoneState {
  /** ISO 8601. */
  readonly at: string;
  readonly how: 'closed' | 'merged' | 'answered' | 'passed' | 'read' | 'resolved' | 'deleted';
}

/** The time that an event takes in a person's calendar. */
export interface EventTime {
  /** ISO 8601 instants; an all-day event starts and ends at midnight in the person's time zone. */
  readonly start: string;
  readonly end: string;
  readonly allDay: boolean;
  /** False for events that are declined, cancelled or marked as free. */
  readonly busy: boolean;
}

/** The structured extract of one thing seen in a connected system, for one person. Never its raw body. */
export interface WorkItem {
  readonly system: ConnectorType;
  /** Stable in that system: thread, event or file id, `PLAT-12`, `acme/gateway#42`. At most 300 characters. */
  readonly id: string;
  readonly kind: WorkKind;
  readonly url: string | null;
  /** One line, at most 300 characters, without control characters. */
  readonly title: string;
  /** Distinct normalised words of title and text, sorted, at most 200: for comparing, not for reading. */
  readonly words: readonly string[];
  /** The names under which others may refer to this very item, spelled as in {@link Reference.to}. */
  readonly names: readonly string[];
  /** What it names, without itself; at most 100. */
  readonly references: readonly Reference[];
  /** Empty where it is no work, only known: an event that takes time, a thing that is done. */
  readonly reasons: readonly WorkReason[];
  /** E-mail address of the person who asks for it, where known. */
  readonly asker: string | null;
  /** How often somebody has come back to it without an answer. */
  readonly followUps: number;
  /** How many others wait for it. */
  readonly blocks: number;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When it has to be done: an instant, or a date (`2026-11-30`) that ends with the person's day. */
  readonly deadline: string | null;
  /** A promised time of reaction: when it began and when it is broken. */
  readonly sla: { readonly from: string; readonly until: string } | null;
  readonly event: EventTime | null;
  readonly done: DoneState | null;
  readonly classification: Classification;
}
