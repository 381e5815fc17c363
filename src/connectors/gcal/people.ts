import type { GoogleEvent } from './client.ts';

export type Guest = NonNullable<GoogleEvent['attendees']>[number] & { readonly email: string };

/** The people invited, without rooms and other things. */
export function guestsOf(event: GoogleEvent): Guest[] {
  if (!Array.isArray(event.attendees)) return [];
  return event.attendees.filter((one): one is Guest => typeof one?.email === 'string' && one.resource !== true);
}

export function isSame(email: string | null | undefined, other: string): boolean {
  return typeof email === 'string' && email.toLowerCase() === other.toLowerCase();
}

/** The person's own invitation. */
export function ownGuest(event: GoogleEvent, email: string): Guest | undefined {
  return guestsOf(event).find((one) => one.self === true || isSame(one.email, email));
}

export function isOrganiser(event: GoogleEvent, email: string): boolean {
  return event.organizer?.self === true || isSame(event.organizer?.email, email);
}
