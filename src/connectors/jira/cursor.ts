import { z } from 'zod';

/** Where a sync of Jira goes on. Times are milliseconds since 1970. */
const schema = z.object({
  v: z.literal(1),
  person: z.object({ accountId: z.string(), own: z.boolean(), zone: z.string() }),
  site: z.string(),
  slaFields: z.array(z.string()),
  /** Which settings it was made under. */
  settings: z.string(),
  /** How far Jira's clock is ahead of ours. */
  skew: z.number(),
  /** When the last full sync began. */
  full: z.number(),
  /** Everything changed before is known. */
  since: z.number(),
  /** What has been delivered of the time after `since`: when each was updated. */
  seen: z.record(z.string(), z.number()),
  /** Keys of open issues that concern the person; null where they are too many to be held here. */
  known: z.array(z.string()).nullable(),
  /** When `known` was last compared with what is there. */
  checked: z.number(),
  /** Inside a full sync: its next page. */
  page: z.string().optional(),
});
export type JiraCursor = z.infer<typeof schema>;

/** A cursor is at most 16 KiB. */
const MOST_SEEN = 200;
const MOST_KNOWN_CHARACTERS = 6_000;

/** Null for a cursor of other settings, another version, or none. */
export function readCursor(text: string | null, settings: string): JiraCursor | null {
  if (text === null) return null;
  try {
    const read = schema.safeParse(JSON.parse(text));
    return read.success && read.data.settings === settings ? read.data : null;
  } catch {
    return null;
  }
}

/** What does not fit is dropped so that something may come twice, but nothing is missed. */
export function writeCursor(cursor: JiraCursor): string {
  const seen = Object.entries(cursor.seen).filter(([, at]) => at >= cursor.since);
  const newest = seen.sort(([, a], [, b]) => b - a).slice(0, MOST_SEEN);
  const known = cursor.known !== null && cursor.known.join().length <= MOST_KNOWN_CHARACTERS ? cursor.known : null;
  return JSON.stringify({ ...cursor, seen: Object.fromEntries(newest), known });
}
