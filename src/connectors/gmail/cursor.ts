import { z } from 'zod';

/** As many as fit the 16 KiB of a cursor twice. */
const MOST_WAITING = 200;

const HISTORY_ID = z.string().regex(/^\d{1,30}$/);
const CURSOR = z.object({
  v: z.literal(1),
  /** From where history is to be read when everything has been seen. */
  history: HISTORY_ID,
  /** Inside a full sync: the page that comes next, and the query it belongs to. */
  full: z.object({ page: z.string().max(2_000), query: z.string().max(500) }).optional(),
  /** Threads that become work at a time (milliseconds since 1970) unless somebody answers. */
  waiting: z.array(z.tuple([z.string().max(100), z.number()])).max(MOST_WAITING),
});
export type GmailCursor = z.infer<typeof CURSOR>;

/** Null for what is no cursor of ours: then everything is read anew. */
export function parseCursor(text: string | null): GmailCursor | null {
  if (text === null) return null;
  try {
    return CURSOR.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** Threads in which the owner waits for an answer, by the time when it is overdue. */
export class Waiting {
  private readonly due: Map<string, number>;

  constructor(entries: GmailCursor['waiting']) {
    this.due = new Map(entries);
  }

  set(threadId: string, at: number | null): void {
    if (at === null) this.due.delete(threadId);
    else this.due.set(threadId, at);
  }

  dueAt(now: number): string[] {
    return [...this.due].filter(([, at]) => at <= now).map(([threadId]) => threadId);
  }

  /** The soonest of them. */
  get entries(): GmailCursor['waiting'] {
    return [...this.due].sort(([, a], [, b]) => a - b).slice(0, MOST_WAITING);
  }
}
