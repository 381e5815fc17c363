import type { AdfNode } from './adf.ts';

export interface JiraUser {
  readonly accountId: string;
  readonly email: string;
  readonly displayName: string;
  /** IANA; dates in JQL are read in it. */
  readonly timeZone: string;
  /** Whether others see the address, which is up to each person's privacy settings. */
  readonly emailVisible: boolean;
}

export interface JiraComment {
  readonly id: string;
  readonly author: string;
  readonly created: number;
  readonly updated: number;
  readonly body: unknown;
  readonly properties: readonly { readonly key: string; readonly value: unknown }[];
}

export interface JiraLink {
  readonly id: string;
  readonly type: string;
  readonly outward: string;
  readonly inward: string;
  /** The other end, and whether this issue is the one that does it to the other. */
  readonly key: string;
  readonly isOutward: boolean;
}

export interface JiraIssue {
  readonly id: string;
  key: string;
  project: string;
  type: string;
  summary: string;
  description: unknown;
  status: string;
  priority: string;
  assignee: string | null;
  /** Everyone who has ever been assigned: `assignee WAS`. */
  readonly assignees: Set<string>;
  reporter: string | null;
  readonly watchers: Set<string>;
  readonly comments: JiraComment[];
  readonly links: JiraLink[];
  readonly remoteLinks: { readonly id: number; readonly url: string; readonly title: string }[];
  readonly changelog: { id: string; author: string; created: number; items: unknown[] }[];
  readonly created: number;
  updated: number;
  resolved: number | null;
  due: string | null;
  readonly properties: Map<string, unknown>;
  /** Custom and odd fields, laid over what is rendered: `{customfield_10030: …, summary: null}`. */
  readonly extra: Record<string, unknown>;
}

/** Statuses of the one workflow that all projects share. */
export const STATUSES: Readonly<
  Record<string, { readonly id: string; readonly category: 'new' | 'indeterminate' | 'done' }>
> = {
  'To Do': { id: '10000', category: 'new' },
  'In Progress': { id: '10001', category: 'indeterminate' },
  'In Review': { id: '10002', category: 'indeterminate' },
  Done: { id: '10003', category: 'done' },
};
export const CATEGORIES = { new: [2, 'To Do'], indeterminate: [4, 'In Progress'], done: [3, 'Done'] } as const;

export function isDone(issue: JiraIssue): boolean {
  return STATUSES[issue.status]?.category === 'done';
}

/** `2026-11-25T04:43:09.123+0000`, as Jira writes it. */
export function jiraTime(at: number): string {
  return new Date(at).toISOString().replace('Z', '+0000');
}

export type { AdfNode };
