import type { Classification } from '#libs/classification';
import { describe, repoName, urlName } from '../extract/index.ts';
import { instantIn, numberIn, objectIn, objectsIn, textIn, type Json } from '../vendor-json.ts';
import type { DoneState, WorkItem, WorkReason } from '../work-item.ts';

/** An issue or pull request as it came, with what had to be asked for besides. */
export interface ThreadParts {
  /** `acme/gateway`. */
  readonly repository: string;
  /** As in a search, or `/issues/:n`. */
  readonly issue: Json;
  /** `/pulls/:n`; null for issues, and for what is closed. */
  readonly pull: Json | null;
  /** Oldest first; of a long one the beginning and the end. */
  readonly timeline: readonly Json[];
  /** Undefined: not known. */
  readonly isPrivate: boolean | undefined;
  /** Asked for a review, be it through a team. */
  readonly requested: boolean;
}

/** For whom it is looked at. */
export interface Viewpoint {
  readonly login: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A mention that nobody has answered for that long is no longer work. */
const MENTION_DAYS = 30;
const LONGEST_BODY = 65_536;

export function threadId(repository: string, number: unknown): string | null {
  return /^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(repository) && Number.isSafeInteger(number)
    ? `${repository}#${String(number)}`
    : null;
}

/** Who asks, as a login: addresses are looked up by the caller. */
export interface ThreadItem {
  readonly item: WorkItem;
  readonly asker: string | null;
}

/** Pure. Null where it does not concern the person. */
export function threadItem(parts: ThreadParts, view: Viewpoint): ThreadItem | null {
  const { repository, issue, pull, requested } = parts;
  const number = issue['number'];
  const id = threadId(repository, number);
  if (id === null) return null;
  const isPull = pull !== null || issue['pull_request'] !== undefined;
  const author = loginIn(issue['user']);
  const me = view.login.toLowerCase();
  const created = instantIn(issue['created_at']) ?? view.now;
  const updated = Math.max(created, instantIn(issue['updated_at']) ?? created);
  const story = storyOf(parts, author, created, view);

  const reasons: WorkReason[] = [];
  if (requested) reasons.push('review_requested');
  if (objectsIn(issue['assignees']).some((one) => loginIn(one) === me)) reasons.push('assigned');
  if (author === me && changesRequested(parts)) reasons.push('changes_requested');
  if (story.mentions.length > 0) reasons.push('mentioned');
  const closed = closedState(issue, updated);
  if (closed === null && reasons.length === 0 && author !== me && story.answeredAt === null) return null;
  const done: DoneState | null =
    closed ??
    (reasons.length === 0 && author !== me ? { at: new Date(story.answeredAt!).toISOString(), how: 'answered' } : null);

  const path = `https://github.com/${repository}/${isPull ? 'pull' : 'issues'}/${String(number)}`;
  const url = urlName(textIn(issue['html_url'])) === null ? path : textIn(issue['html_url']);
  const names = [...new Set([repoName(repository, Number(number)), urlName(url)!])];
  const text = [issue['body'], ...parts.timeline.map((one) => one['body'])]
    .map((one) => textIn(one).slice(0, LONGEST_BODY))
    .join('\n');
  const { title, words, references } = describe({
    title: textIn(issue['title']),
    text: `${withFullNumbers(text.slice(0, LONGEST_BODY), repository)}\n${linkedThreads(parts.timeline)}`,
    explicit: [textIn(objectIn(pull?.['head'])['ref']).slice(0, 300)],
  });
  return {
    item: {
      system: 'github',
      id,
      kind: isPull ? 'pull_request' : 'issue',
      url,
      title: title === '' ? id : title,
      words,
      names,
      references: references.filter(({ to }) => !names.includes(to)),
      reasons: done === null ? reasons : [],
      asker: null,
      // Of somebody who is only mentioned, the first mention is what is asked; what comes after it asks again.
      followUps: done === null ? Math.max(0, story.again - (reasons.join() === 'mentioned' ? 1 : 0)) : 0,
      blocks: done === null ? (requested ? 1 : 0) + dependents(parts, Number(number)) : 0,
      createdAt: new Date(created).toISOString(),
      updatedAt: new Date(updated).toISOString(),
      deadline: dateIn(objectIn(issue['milestone'])['due_on']),
      sla: null,
      event: null,
      done,
      classification: classify(parts.isPrivate),
    },
    asker:
      requested || reasons.includes('changes_requested') || reasons.includes('mentioned')
        ? story.asker
        : author === me
          ? null
          : author,
  };
}

interface Ask {
  readonly at: number;
  readonly by: string;
  readonly mentions: boolean;
}

/** Who has asked the person for something, and what the person has done since. */
function storyOf({ issue, timeline, requested }: ThreadParts, author: string, created: number, view: Viewpoint) {
  const me = view.login.toLowerCase();
  const asks: Ask[] = [];
  let lastOwn = 0;
  let reviewedAt = 0;
  let removedAt = 0;
  let reviewer = '';
  if (author !== me && addresses(issue['body'], me)) asks.push({ at: created, by: author, mentions: true });
  for (const event of timeline) {
    const at = instantIn(event['created_at']) ?? instantIn(event['submitted_at']) ?? 0;
    const by = loginIn(event['actor'] ?? event['user']);
    switch (event['event']) {
      case 'commented':
      case 'reviewed':
        if (by === me) {
          lastOwn = Math.max(lastOwn, at);
          if (event['event'] === 'reviewed') reviewedAt = at;
        } else if (addresses(event['body'], me) && !isBot(event['actor'] ?? event['user']))
          asks.push({ at, by, mentions: true });
        if (textIn(event['state']).toLowerCase() === 'changes_requested') reviewer = by;
        break;
      case 'review_requested':
        if (loginIn(event['requested_reviewer']) === me) asks.push({ at, by, mentions: false });
        break;
      case 'review_request_removed':
        if (loginIn(event['requested_reviewer']) === me) removedAt = at;
        break;
      case 'unassigned':
        if (loginIn(event['assignee']) === me) removedAt = at;
        break;
    }
  }
  const open = asks.filter((one) => one.at > lastOwn && one.at > removedAt);
  const oldest = view.now - MENTION_DAYS * 86_400_000;
  const mentions = open.filter((one) => one.mentions && one.at >= oldest);
  const answered = lastOwn > removedAt && (reviewedAt > 0 || asks.some((one) => one.at <= lastOwn));
  return {
    mentions,
    /** Requests and pings, without the first request. */
    again: requested ? open.length - (lastOwn === 0 ? 1 : 0) : mentions.length,
    asker: open.at(-1)?.by ?? (author === me ? reviewer || null : author || null),
    answeredAt: answered ? lastOwn : null,
  };
}

/** Whether a reviewer's last word asks for changes and no new review has been asked of them. */
function changesRequested({ pull, timeline }: ThreadParts): boolean {
  const asked = new Set(objectsIn(pull?.['requested_reviewers']).map(loginIn));
  const last = new Map<string, string>();
  for (const event of timeline) {
    const state = textIn(event['state']).toLowerCase();
    if (event['event'] === 'reviewed' && state !== 'commented') last.set(loginIn(event['user']), state);
  }
  return [...last].some(([login, state]) => state === 'changes_requested' && !asked.has(login));
}

function closedState(issue: Json, updated: number): DoneState | null {
  if (issue['state'] !== 'closed') return null;
  const merged = instantIn(objectIn(issue['pull_request'])['merged_at']) ?? instantIn(issue['merged_at']);
  const at = merged ?? instantIn(issue['closed_at']) ?? updated;
  return { at: new Date(at).toISOString(), how: merged === null ? 'closed' : 'merged' };
}

/** Open things elsewhere that say they are blocked by this one. */
function dependents({ timeline, repository }: ThreadParts, number: number): number {
  const self = repository.replace(/[.]/g, '\\.');
  const says = new RegExp(
    `(?:blocked by|depends on|waits for)[:\\s]+(?:(?:https://github\\.com/)?${self}(?:#|/(?:pull|issues)/)|#)${number}(?!\\d)`,
    'i',
  );
  const waiting = new Set<string>();
  for (const event of timeline) {
    if (event['event'] !== 'cross-referenced') continue;
    const source = objectIn(objectIn(event['source'])['issue']);
    if (source['state'] === 'open' && says.test(textIn(source['body']).slice(0, LONGEST_BODY)))
      waiting.add(textIn(source['html_url']));
  }
  return waiting.size;
}

/** What names this one elsewhere: known, but not the very thing. */
function linkedThreads(timeline: readonly Json[]): string {
  return timeline
    .filter((one) => one['event'] === 'cross-referenced')
    .slice(-50)
    .map((one) => objectIn(objectIn(one['source'])['issue']))
    .map(
      (one) =>
        `related ${/^[^/]+\/([^?#]+?)\/(?:issues|pull)\/\d+$/.exec(textIn(one['html_url']).replace('https://', ''))?.[1] ?? ''}#${numberIn(one['number'])}.`,
    )
    .filter((one) => !one.includes(' #'))
    .join(' ');
}

/** `#12` means one of the same repository. */
export function withFullNumbers(text: string, repository: string): string {
  return text.replace(/(?<![\w/&#.-])#(\d{1,9})\b/g, `${repository}#$1`);
}

function addresses(text: unknown, login: string): boolean {
  const lower = textIn(text).slice(0, LONGEST_BODY).toLowerCase();
  for (let at = lower.indexOf(`@${login}`); at >= 0; at = lower.indexOf(`@${login}`, at + 1)) {
    const after = lower[at + login.length + 1] ?? ' ';
    if (!/[\w/-]/.test(after) && !/[\w/]/.test(lower[at - 1] ?? ' ')) return true;
  }
  return false;
}

export function loginIn(user: unknown): string {
  return textIn(objectIn(user)['login']).toLowerCase();
}
function isBot(user: unknown): boolean {
  return objectIn(user)['type'] === 'Bot';
}

/** A milestone is due on a day, whatever the hour in it. */
function dateIn(value: unknown): string | null {
  return instantIn(value) === null ? null : textIn(value).slice(0, 10);
}

/** Source: DOMAIN rules, section 3. */
function classify(isPrivate: boolean | undefined): Classification {
  return isPrivate === false ? 'public' : 'internal';
}
