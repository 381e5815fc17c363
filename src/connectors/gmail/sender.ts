import type { SeenMessage } from './message.ts';

const MACHINE =
  /^(?:.*[._+-])?(?:no|do-?not|dont)[._-]?(?:reply|respond|antwort(?:en)?)(?:[._+-].*)?@|^(?:mailer-daemon|postmaster|bounces?|notifications?|newsletter|news|calendar-notification|alerts?|automated|system)(?:[._+-].*)?@/;
const IMPERSONAL_CATEGORIES = ['CATEGORY_PROMOTIONS', 'CATEGORY_SOCIAL', 'CATEGORY_FORUMS'];

/**
 * Whether a person wrote this to its reader: no newsletter, no automatic notice, and nothing that only went to a list.
 * Sources: RFC 2369 and 2919 (lists), RFC 3834 (automatic answers).
 */
export function isPersonal(message: SeenMessage, isReader: (address: string) => boolean): boolean {
  const { header, from, to, cc, labels } = message;
  if (from === null || MACHINE.test(from.address)) return false;
  if (!/^\s*(?:no\b|$)/i.test(header('auto-submitted') ?? '')) return false;
  if (/^\s*(?:bulk|junk|auto_reply)\b/i.test(header('precedence') ?? '')) return false;
  if (/\b(?:all|oof|autoreply)\b/i.test(header('x-auto-response-suppress') ?? '')) return false;
  const named = [...to, ...cc].some(({ address }) => isReader(address));
  if (isDiscussion(message)) return named;
  const isBulk = ['list-id', 'list-unsubscribe', 'feedback-id'].some((name) => header(name) !== undefined);
  return !isBulk && !IMPERSONAL_CATEGORIES.some((label) => labels.has(label));
}

/** A list to which people write; a newsletter has no address to post to. */
function isDiscussion({ header }: SeenMessage): boolean {
  const post = header('list-post');
  return post !== undefined && !/^\s*no\b/i.test(post);
}
