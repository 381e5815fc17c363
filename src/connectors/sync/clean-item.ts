import { classifyContent, higher } from '#libs/classification';
import type { WorkItem } from '../work-item.ts';

const ID_LIMIT = 300;

/** An item as it is stored: of this system, with text that PostgreSQL can hold, and its label raised by its content. */
export function cleanItem(item: WorkItem, system: WorkItem['system']): WorkItem | undefined {
  const clean = withCleanText(item) as WorkItem;
  if (typeof clean.id !== 'string' || clean.id === '' || clean.id.length > ID_LIMIT) return undefined;
  const found = classifyContent(`${clean.title}\n${clean.words.join(' ')}`);
  return { ...clean, system, classification: higher(clean.classification, found) };
}

/** The last of several with one id. */
export function latest(items: readonly WorkItem[]): WorkItem[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}

/** Without NUL and halves of surrogate pairs, neither of which JSON in PostgreSQL can hold. */
function withCleanText(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '');
  if (Array.isArray(value)) return value.map(withCleanText);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withCleanText(inner)]));
}
