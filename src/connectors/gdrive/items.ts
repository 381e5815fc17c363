import { CONNECTOR_DEFAULT, toClassification } from '#libs/classification';
import type { Account } from '../connector.ts';
import { deadlineIn, describe } from '../extract/index.ts';
import { listOf } from '../google/call.ts';
import type { DoneState, WorkItem, WorkReason } from '../work-item.ts';
import { isDocument, type GoogleComment, type GoogleFile } from './client.ts';
import { threadOf, type Thread } from './threads.ts';

/** A document that was shared longer ago waits for no review. */
export const REVIEW_DAYS = 14;
const DAY = 86_400_000;
/** Enough comments to know what a document's are about. */
const MOST_TEXTS = 50;

/**
 * A document as this person's item; null where it is no work of theirs and was none. It is work where an unresolved comment is
 * assigned to them, mentions them or is on their own document and waits for their word, or where it was shared with them in the
 * last fortnight and they have not opened it since.
 * @param now milliseconds since 1970
 */
export function toWorkItem(
  file: GoogleFile,
  comments: readonly GoogleComment[],
  account: Account,
  now: number,
): WorkItem | null {
  const { id } = file;
  if (typeof id !== 'string' || id === '' || file.trashed === true || !isDocument(file)) return null;
  const threads = comments.flatMap((comment) => threadOf(comment, account, file.ownedByMe === true) ?? []);
  const open = threads.filter(({ state }) => state === 'open').sort((a, b) => a.createdAt - b.createdAt);
  const share = shareOf(file, now);
  const reasons = new Set<WorkReason>(open.map(({ reason }) => reason));
  if (share?.open) reasons.add('shared_for_review');
  const done = reasons.size > 0 ? null : doneState(threads, share);
  if (reasons.size === 0 && done === null) return null;
  const first = open.find(({ reason }) => reason !== 'commented') ?? open[0];
  const name = `url:https://drive.google.com/file/d/${id}`;
  const asker = first === undefined ? sharerOf(file) : emailOf(first.author, file);
  const { title, words, references } = describe({
    title: typeof file.name === 'string' && file.name.trim() !== '' ? file.name : 'Untitled',
    text: [file.description ?? '', ...open.slice(0, MOST_TEXTS).map(({ text }) => text)].join('\n'),
    people: asker === null ? [] : [asker],
  });
  return {
    system: 'gdrive',
    id: id.slice(0, 300),
    kind: 'document',
    url: typeof file.webViewLink === 'string' ? file.webViewLink : null,
    title,
    words,
    names: [name],
    references: references.filter(({ to }) => to !== name),
    reasons: [...reasons],
    asker,
    followUps: open.reduce((most, { followUps }) => Math.max(most, followUps), 0),
    blocks: new Set(open.filter(({ reason }) => reason === 'assigned').map(({ author }) => author)).size,
    createdAt:
      iso(first?.createdAt) ??
      (share === null ? null : iso(share.at)) ??
      iso(Date.parse(file.createdTime ?? '')) ??
      iso(now)!,
    updatedAt: iso(updatedAt(file, threads, share)) ?? iso(now)!,
    deadline: earliestDeadline(open, account.timeZone),
    sla: null,
    event: null,
    done,
    classification: toClassification(CONNECTOR_DEFAULT.gdrive),
  };
}

interface Share {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly viewedAt: number | null;
  readonly open: boolean;
}

/** Null where it was not shared with this person, or long ago. */
function shareOf({ ownedByMe, sharedWithMeTime, viewedByMeTime }: GoogleFile, now: number): Share | null {
  const at = Date.parse(sharedWithMeTime ?? '');
  if (ownedByMe === true || Number.isNaN(at) || at < now - REVIEW_DAYS * DAY) return null;
  const viewed = Date.parse(viewedByMeTime ?? '');
  return { at, viewedAt: Number.isNaN(viewed) ? null : viewed, open: !(viewed >= at) };
}

function doneState(threads: readonly Thread[], share: Share | null): DoneState | null {
  const last = threads.reduce<Thread | null>(
    (latest, one) => (latest && latest.updatedAt > one.updatedAt ? latest : one),
    null,
  );
  if (last !== null && last.state !== 'open')
    return { at: iso(last.updatedAt) ?? new Date(0).toISOString(), how: last.state };
  return share?.viewedAt == null ? null : { at: new Date(share.viewedAt).toISOString(), how: 'read' };
}

function updatedAt(file: GoogleFile, threads: readonly Thread[], share: Share | null): number {
  const times = [
    ...threads.map((thread) => thread.updatedAt),
    share?.at ?? 0,
    Date.parse(file.modifiedTime ?? '') || 0,
  ];
  return times.reduce((latest, time) => Math.max(latest, time), 0);
}

function earliestDeadline(open: readonly Thread[], zone: string): string | null {
  const dates = open.slice(0, MOST_TEXTS).flatMap(({ text, createdAt }) => {
    return (Number.isFinite(createdAt) ? deadlineIn(text, createdAt, zone) : null) ?? [];
  });
  return dates.sort()[0] ?? null;
}

function sharerOf({ sharingUser, owners }: GoogleFile): string | null {
  const email = sharingUser?.emailAddress ?? listOf(owners)[0]?.emailAddress;
  return typeof email === 'string' ? email.toLowerCase() : null;
}

/** The address of the one person round this document who is called so; null where nobody is, or two. */
function emailOf(
  name: string | null,
  { owners, sharingUser, lastModifyingUser, permissions }: GoogleFile,
): string | null {
  if (name === null) return null;
  const people = listOf([...listOf(owners), sharingUser, lastModifyingUser, ...listOf(permissions)]);
  const found = people.flatMap(({ displayName, emailAddress }) =>
    displayName === name && typeof emailAddress === 'string' ? [emailAddress.toLowerCase()] : [],
  );
  return new Set(found).size === 1 ? (found[0] ?? null) : null;
}

function iso(instant: number | undefined): string | null {
  return instant !== undefined && Number.isFinite(instant) && instant > 0 ? new Date(instant).toISOString() : null;
}
