import { describe, keyName, urlName } from '../extract/index.ts';
import { addressIn, instantIn, objectIn, objectsIn, textIn, type Json } from '../vendor-json.ts';
import type { DoneState, WorkItem, WorkReason } from '../work-item.ts';
import { readDocument, type Reading } from './adf.ts';

/** An issue as it came, with what had to be asked for besides. */
export interface IssueParts {
  readonly issue: Json;
  /** The newest ones, oldest first. */
  readonly comments: readonly Json[];
  /** Addresses of pull requests, documents and so on that are attached to it. */
  readonly remoteLinks: readonly string[];
  readonly watched: boolean;
}

/** For whom an issue is looked at. */
export interface Viewpoint {
  readonly accountId: string;
  /** Where people see issues, such as `https://acme.atlassian.net`. */
  readonly site: string;
  /** Fields that hold a service-management SLA. */
  readonly slaFields: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

const KEY = /^[A-Z][A-Z0-9_]{0,30}-\d{1,12}$/i;
/** A mention that nobody has answered for that long is no longer work. */
const MENTION_DAYS = 30;
const MOST_COMMENTS = 100;

interface Comment extends Reading {
  readonly author: string;
  readonly email: string | null;
  readonly at: number;
  readonly byPerson: boolean;
}

/** The key of an issue; null where the answer holds none. */
export function keyOf(issue: Json): string | null {
  const key = textIn(issue['key']);
  return KEY.test(key) ? key : null;
}

/** Pure. Null where the issue does not concern the person: not assigned, not watched, never mentioned. */
export function issueItem({ issue, comments, remoteLinks, watched }: IssueParts, view: Viewpoint): WorkItem | null {
  const key = keyOf(issue);
  if (key === null) return null;
  const fields = objectIn(issue['fields']);
  const thread = comments.slice(-MOST_COMMENTS).map(readComment);
  const description = readDocument(fields['description']);
  const reporter = objectIn(fields['reporter']);
  const created = instantIn(fields['created']) ?? view.now;
  const updated = Math.max(created, instantIn(fields['updated']) ?? created);
  const assigned = textIn(objectIn(fields['assignee'])['accountId']) === view.accountId;
  const talk = talkOf(
    thread,
    description,
    { author: textIn(reporter['accountId']), email: addressIn(reporter['emailAddress']), at: created },
    assigned,
    view,
  );

  const reasons: WorkReason[] = [];
  if (assigned) reasons.push('assigned');
  if (watched) reasons.push('watched');
  if (talk.mentions.length > 0) reasons.push('mentioned');
  if (reasons.length === 0 && talk.answeredAt === null) return null;
  const closed = closedState(fields, updated);
  const done: DoneState | null =
    closed ?? (reasons.length === 0 ? { at: new Date(talk.answeredAt!).toISOString(), how: 'answered' } : null);

  const url = `${view.site}/browse/${key}`;
  const names = [keyName(key), ...(urlName(url) === null ? [] : [urlName(url)!])];
  const { title, words, references } = describe({
    title: textIn(fields['summary']),
    text: [description.text, linkedIssues(fields), ...thread.map((one) => one.text)].join('\n'),
    links: remoteLinks,
  });
  return {
    system: 'jira',
    id: key,
    kind: 'issue',
    url: names.length > 1 ? url : null,
    title: title === '' ? key : title,
    words,
    names,
    references: references.filter(({ to }) => !names.includes(to)),
    reasons: done === null ? reasons : [],
    asker: assigned || watched ? (otherReporter(reporter, view) ?? talk.asker) : talk.asker,
    followUps: Math.max(0, talk.asking - (assigned || watched ? 0 : 1)),
    blocks: blockedBy(fields),
    createdAt: new Date(created).toISOString(),
    updatedAt: new Date(updated).toISOString(),
    deadline: dateIn(fields['duedate']),
    sla: done === null ? slaOf(fields, view.slaFields) : null,
    event: null,
    done,
    classification: 'internal',
  };
}

function readComment(comment: Json): Comment {
  const author = objectIn(comment['author']);
  return {
    ...readDocument(comment['body']),
    author: textIn(author['accountId']),
    email: addressIn(author['emailAddress']),
    at: instantIn(comment['created']) ?? 0,
    byPerson: author['accountType'] !== 'app',
  };
}

/** What others have said to the person since the person's last word. */
function talkOf(
  thread: readonly Comment[],
  description: Reading,
  opening: { readonly author: string; readonly email: string | null; readonly at: number },
  assigned: boolean,
  view: Viewpoint,
) {
  const lastOwn = thread.reduce((last, one) => (one.author === view.accountId ? Math.max(last, one.at) : last), 0);
  const others = thread.filter((one) => one.author !== view.accountId && one.byPerson);
  const first = opening.author === view.accountId || !description.mentions.has(view.accountId) ? [] : [opening];
  const allMentions = [...first, ...others.filter((one) => one.mentions.has(view.accountId))];
  const oldest = view.now - MENTION_DAYS * 86_400_000;
  const mentions = allMentions.filter((one) => one.at > lastOwn && one.at >= oldest);
  const asking = others.filter(
    (one) => one.at > lastOwn && (one.mentions.has(view.accountId) || (assigned && /[?？؟]/.test(one.text))),
  );
  const answered = lastOwn > 0 && allMentions.some((one) => one.at <= lastOwn);
  return {
    mentions,
    asking: asking.length + first.filter((one) => !assigned && mentions.includes(one)).length,
    asker: mentions.at(-1)?.email ?? asking.at(-1)?.email ?? null,
    answeredAt: answered ? lastOwn : null,
  };
}

function otherReporter(reporter: Json, view: Viewpoint): string | null {
  return textIn(reporter['accountId']) === view.accountId ? null : addressIn(reporter['emailAddress']);
}

function categoryOf(fields: Json): string {
  return textIn(objectIn(objectIn(fields['status'])['statusCategory'])['key']);
}

function closedState(fields: Json, updated: number): DoneState | null {
  if (categoryOf(fields) !== 'done') return null;
  const at = instantIn(fields['resolutiondate']) ?? instantIn(fields['statuscategorychangedate']) ?? updated;
  return { at: new Date(at).toISOString(), how: 'closed' };
}

/** Others that are not done and wait for this one. */
function blockedBy(fields: Json): number {
  return objectsIn(fields['issuelinks']).filter((link) => {
    const outward = objectIn(link['outwardIssue']);
    return isBlocking(link) && keyOf(outward) !== null && categoryOf(objectIn(outward['fields'])) !== 'done';
  }).length;
}

function isBlocking(link: Json): boolean {
  const { name, outward } = objectIn(link['type']);
  return /^(?:block|blockiert)/i.test(textIn(name)) || /^(?:blocks|blockiert)\b/i.test(textIn(outward));
}

/** Each after a word that says how it is related, so that none is taken for this very thing. */
function linkedIssues(fields: Json): string {
  const keys = objectsIn(fields['issuelinks']).flatMap((link) => [
    objectIn(link['outwardIssue']),
    objectIn(link['inwardIssue']),
  ]);
  return keys
    .slice(0, MOST_COMMENTS)
    .map((one) => keyOf(one))
    .filter((key) => key !== null)
    .map((key) => `related ${key}.`)
    .join(' ');
}

function dateIn(value: unknown): string | null {
  const text = textIn(value).slice(0, 10);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && instantIn(text) !== null ? text : null;
}

/** The promise that is broken first. Source: Jira Service Management, "SLA" custom field. */
function slaOf(fields: Json, slaFields: readonly string[]): WorkItem['sla'] {
  const running = slaFields.flatMap((name) => {
    const cycle = objectIn(objectIn(fields[name])['ongoingCycle']);
    const from = timeIn(cycle['startTime']);
    const until = timeIn(cycle['breachTime']);
    return cycle['paused'] === true || from === null || until === null || until <= from ? [] : [{ from, until }];
  });
  const [first] = running.sort((a, b) => a.until - b.until);
  return first === undefined
    ? null
    : { from: new Date(first.from).toISOString(), until: new Date(first.until).toISOString() };
}

function timeIn(value: unknown): number | null {
  const { epochMillis, iso8601 } = objectIn(value);
  const at = typeof epochMillis === 'number' ? epochMillis : instantIn(iso8601);
  return at === null || !Number.isFinite(at) || Math.abs(at) > 8.64e15 ? null : at;
}
