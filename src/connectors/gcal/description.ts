import type { GoogleEvent } from './client.ts';

/** Enough of a description to know what it is about. */
const LONGEST = 65_536;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ' };

/** An event's description without its mark-up: Google lets people write a little HTML there. Linear in its length. */
export function plainDescription(event: GoogleEvent): string {
  return decoded(textOf(event).replace(/<[^<>]*>/g, ' '));
}

/** Where the links and attachments of an event lead. */
export function linksOf(event: GoogleEvent): string[] {
  const links = [...textOf(event).matchAll(/href\s?=\s?["']([^"'<>]+)["']/gi)].map(([, link]) => decoded(link ?? ''));
  const attached = attachmentsOf(event).flatMap(({ fileUrl }) => (typeof fileUrl === 'string' ? [fileUrl] : []));
  const source = typeof event.source?.url === 'string' ? [event.source.url] : [];
  return [...attached, ...source, ...links];
}

export function attachmentsOf(event: GoogleEvent): NonNullable<GoogleEvent['attachments']> {
  return Array.isArray(event.attachments) ? event.attachments.filter((one) => one != null) : [];
}

function textOf({ description }: GoogleEvent): string {
  return typeof description === 'string' ? description.slice(0, LONGEST) : '';
}

function decoded(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => ENTITIES[name] ?? '');
}
