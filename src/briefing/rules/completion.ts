import type { DoneState, WorkItem } from '#connectors';

/** What the person said of a task; outranks what is seen. */
export interface PersonsWord {
  readonly done: boolean;
  /** ISO 8601. */
  readonly at: string;
}

export interface Completion {
  readonly done: boolean;
  /** ISO 8601: when the last of it was done; null while it is open. */
  readonly at: string | null;
  readonly how: DoneState['how'] | 'person' | null;
}

const OPEN: Completion = { done: false, at: null, how: null };

/**
 * Whether a task is done: the person's word if there is one; else when each item that asks for something is done. A merged
 * change with an open issue is therefore open, and a task is open again when an item is. Mail that is merely unread does not
 * hold up a task whose issue, change, document or meeting is done: it only told of it.
 */
export function completion(items: readonly WorkItem[], word: PersonsWord | null = null): Completion {
  if (word !== null) return word.done ? { done: true, at: word.at, how: 'person' } : OPEN;
  const asking = items.filter((item) => item.reasons.length > 0 || item.done !== null);
  const weighty = asking.filter((item) => !isNotice(item));
  const deciding = weighty.some((item) => item.kind !== 'mail') ? weighty : asking;
  let last: DoneState | null = null;
  for (const { done } of deciding) {
    if (done === null) return OPEN;
    if (last === null || Date.parse(done.at) > Date.parse(last.at)) last = done;
  }
  return last === null ? OPEN : { done: true, at: last.at, how: last.how };
}

/** Whether a group of items is a task at all: something in it asks this person for something, done or not. */
export function isWork(items: readonly WorkItem[]): boolean {
  return items.some(({ reasons, done }) => reasons.length > 0 && (done === null || done.how !== 'deleted'));
}

function isNotice({ kind, reasons }: WorkItem): boolean {
  return kind === 'mail' && reasons.every((reason) => reason === 'unread');
}
