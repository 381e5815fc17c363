import type { GoogleEvent } from './client.ts';
import { attachmentsOf, linksOf, plainDescription } from './description.ts';
import { guestsOf, isOrganiser, isSame, ownGuest } from './people.ts';

/** More guests than this, the organiser included, and whoever organises has to have something ready. */
const SMALL_MEETING = 2;
/** Up to here outsiders come to talk to this person, beyond it to listen. */
const LARGE_MEETING = 20;
const ASKED =
  /(?<![\p{L}\p{N}])(?:agenda|pre-?reads?|prepare|preparation|homework|slides|action items|(?:please|kindly) (?:\S+ ){0,5}(?:read|review|bring|complete|fill)|tagesordnung|vorbereit(?:en|ung|et)|hausaufgaben|bitte (?:\S+ ){0,6}(?:lesen|prüfen|mitbringen|durchsehen|ausfüllen))(?![\p{L}\p{N}])/iu;
const NOT_ASKED =
  /(?<![\p{L}\p{N}])(?:no|without|keine?|ohne) (?:\p{L}+ )?(?:agenda|prep(?:aration|work)?|slides|homework|vorbereitung|tagesordnung)(?![\p{L}\p{N}])/giu;
const DOCUMENT = /^https?:\/\/(?:docs|drive)\.google\.com\/|\.(?:pdf|docx?|xlsx?|pptx?)(?:$|[?#])/i;

/**
 * Whether a meeting needs preparation by this person. It does where someone else takes part, the person has not declined and
 * is more than optional, and
 *  - they organise it for more than two,
 *  - or a document is attached or linked,
 *  - or title or description ask for it (agenda, pre-read, prepare, please read/review/bring …),
 *  - or somebody from outside takes part (another mail domain), in a meeting of at most twenty.
 * Working locations, birthdays, focus time and absences never do.
 */
export function needsPreparation(event: GoogleEvent, email: string): boolean {
  if (event.status === 'cancelled' || (event.eventType ?? 'default') !== 'default') return false;
  const guests = guestsOf(event);
  const organises = isOrganiser(event, email);
  const own = ownGuest(event, email);
  const others = guests.filter((guest) => !isSame(guest.email, own?.email ?? email));
  if (others.length === 0 && organises) return false;
  if (own?.responseStatus === 'declined' || (own?.optional === true && !organises)) return false;
  const coming = guests.filter((guest) => guest.responseStatus !== 'declined');
  if (organises && coming.length > SMALL_MEETING) return true;
  if (attachmentsOf(event).length > 0 || linksOf(event).some((link) => DOCUMENT.test(link))) return true;
  const text = `${event.summary ?? ''}\n${plainDescription(event)}`.replace(/[^\S\n]+/g, ' ').replace(NOT_ASKED, '');
  if (ASKED.test(text) || text.split(/\s/).some((word) => DOCUMENT.test(word))) return true;
  return guests.length <= LARGE_MEETING && others.some((guest) => isOutside(guest.email, email));
}

function isOutside(email: string, own: string): boolean {
  const [theirs, ours] = [email, own].map((address) => address.slice(address.lastIndexOf('@') + 1).toLowerCase());
  if (!theirs || !ours) return false;
  return theirs !== ours && !theirs.endsWith(`.${ours}`) && !ours.endsWith(`.${theirs}`);
}
