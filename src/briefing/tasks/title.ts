import type { WorkItem, WorkKind } from '#connectors';

/** What says best what the work is about: the tracker's own words before a change, a document, a meeting, a mail's subject. */
const TELLING: readonly WorkKind[] = ['issue', 'pull_request', 'document', 'meeting', 'mail'];

/** The title of a task: that of its most telling item, of an open one where there is one, of the oldest among equals. */
export function titleOf(items: readonly WorkItem[]): string {
  const [first] = [...items].sort(
    (a, b) =>
      Number(a.done !== null) - Number(b.done !== null) ||
      TELLING.indexOf(a.kind) - TELLING.indexOf(b.kind) ||
      (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0) ||
      (a.id < b.id ? -1 : 1),
  );
  return first?.title || '(no title)';
}
