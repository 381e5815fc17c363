import { CONNECTOR_DEFAULT, higher, toClassification } from '#libs/classification';
import type { Account } from '../connector.ts';
import { describe, urlName } from '../extract/index.ts';
import type { WorkItem } from '../work-item.ts';
import type { GoogleEvent } from './client.ts';
import { linksOf, plainDescription } from './description.ts';
import { guestsOf, isOrganiser, isSame, ownGuest } from './people.ts';
import { needsPreparation } from './preparation.ts';
import { timesOf } from './times.ts';

/** What everyone sees who looks at a calendar for the time alone. */
const UNTITLED = '(no title)';
/** Shown in a calendar, taking nobody's time. */
const NO_TIME = new Set(['workingLocation', 'birthday']);

/**
 * An event as this person's item; null where it has no id or no time. Every event is an item, because it takes time; only
 * some are work.
 * @param now milliseconds since 1970
 */
export function toWorkItem(event: GoogleEvent, account: Account, now: number): WorkItem | null {
  const times = timesOf(event, account.timeZone);
  const { id } = event;
  if (typeof id !== 'string' || id === '' || times === null) return null;
  const organises = isOrganiser(event, account.email);
  const over = Date.parse(times.end) <= now;
  const off = event.status === 'cancelled' || ownGuest(event, account.email)?.responseStatus === 'declined';
  const names = namesOf(event);
  const url = typeof event.htmlLink === 'string' ? event.htmlLink : null;
  const { title, words, references } = describe({
    title: typeof event.summary === 'string' && event.summary.trim() !== '' ? event.summary : UNTITLED,
    text: [plainDescription(event), event.location].filter((part) => typeof part === 'string').join('\n'),
    links: linksOf(event),
    people: guestsOf(event).flatMap(({ email }) => (isSame(email, account.email) ? [] : [email])),
  });
  return {
    system: 'gcal',
    id: id.slice(0, 300),
    kind: 'meeting',
    url,
    title,
    words,
    names,
    references: references.filter(({ to }) => !names.includes(to)),
    reasons: !over && !off && needsPreparation(event, account.email) ? ['prepare'] : [],
    // What people set themselves, nobody asks for.
    asker: organises || typeof event.organizer?.email !== 'string' ? null : event.organizer.email.toLowerCase(),
    followUps: 0,
    blocks: 0,
    createdAt: instantOf(event.created) ?? instantOf(event.updated) ?? times.start,
    updatedAt: instantOf(event.updated) ?? instantOf(event.created) ?? times.start,
    deadline: off ? null : times.start,
    sla: null,
    event: { ...times, busy: !off && event.transparency !== 'transparent' && !NO_TIME.has(event.eventType ?? '') },
    done: over ? { at: times.end, how: 'passed' } : null,
    classification: higher(
      toClassification(CONNECTOR_DEFAULT.gcal),
      event.visibility === 'private' || event.visibility === 'confidential' ? 'confidential' : 'public',
    ),
  };
}

/** All instances of a series share one iCalUID: an instance is named by that and its original time. */
function namesOf({ iCalUID, recurringEventId, originalStartTime, htmlLink }: GoogleEvent): string[] {
  const names: string[] = [];
  if (typeof iCalUID === 'string' && iCalUID !== '') {
    const original = originalStartTime?.date ?? instantOf(originalStartTime?.dateTime) ?? '';
    names.push(recurringEventId == null ? `event:${iCalUID}` : `event:${iCalUID}/${original}`);
  }
  const link = typeof htmlLink === 'string' ? urlName(htmlLink) : null;
  return link === null ? names : [...names, link];
}

function instantOf(text: unknown): string | null {
  const instant = typeof text === 'string' ? Date.parse(text) : NaN;
  // Old imports carry year 0, which says nothing.
  return instant > 0 ? new Date(instant).toISOString() : null;
}
