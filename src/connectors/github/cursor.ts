import { z } from 'zod';

/** Where a sync of GitHub goes on. Times are milliseconds since 1970. */
const schema = z.object({
  v: z.literal(1),
  login: z.string(),
  /** Which settings it was made under. */
  settings: z.string(),
  /** When the last full sync began. */
  full: z.number(),
  /** When the searches were last made. */
  checked: z.number(),
  /** Everything that the index showed as changed before is known. */
  since: z.number(),
  /** What has been delivered of the time after `since`, and when each was updated. */
  seen: z.record(z.string(), z.number()),
  /** Open things that a person is asked for (r) or assigned to (a); null where they are too many to be held here. */
  asked: z.record(z.string(), z.enum(['r', 'a'])).nullable(),
  /** Of the first page of notifications; null where the token may not read them. */
  etag: z.string().max(300).nullable(),
});
export type GithubCursor = z.infer<typeof schema>;

/** A cursor is at most 16 KiB. */
const MOST_CHARACTERS = 6_500;

/** Null for a cursor of other settings, another version, or none. */
export function readCursor(text: string | null, settings: string): GithubCursor | null {
  if (text === null) return null;
  try {
    const read = schema.safeParse(JSON.parse(text));
    return read.success && read.data.settings === settings ? read.data : null;
  } catch {
    return null;
  }
}

/** What does not fit is dropped so that something may come twice, but nothing is missed. */
export function writeCursor(cursor: GithubCursor): string {
  const seen: Record<string, number> = {};
  let length = 0;
  for (const [id, at] of Object.entries(cursor.seen).sort(([, a], [, b]) => b - a)) {
    length += id.length + 20;
    if (at < cursor.since || length > MOST_CHARACTERS) break;
    seen[id] = at;
  }
  const asked = cursor.asked !== null && JSON.stringify(cursor.asked).length <= MOST_CHARACTERS ? cursor.asked : null;
  return JSON.stringify({ ...cursor, seen, asked });
}
