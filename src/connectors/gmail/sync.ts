import { VendorError, type SyncPage, type VendorAccess } from '../connector.ts';
import type { WorkItem } from '../work-item.ts';
import type { ArrivedMail } from '../new-mail.ts';
import { arrivedMail } from './arrived.ts';
import { atATime } from './at-a-time.ts';
import { answerOf } from './client.ts';
import { ownerOf, settingsIn } from './config.ts';
import { type GmailCursor, parseCursor, Waiting } from './cursor.ts';
import { itemOf } from './items.ts';
import { historyNumber, MailStore } from './mail-store.ts';
import { standingOf, wantsContent } from './standing.ts';

const PAGE = 50;
const AT_A_TIME = 5;
/** Of a thread, the contents of no more than this many of its newest messages are looked at. */
const MOST_CONTENTS = 5;
const ME = 'me';
const HISTORY_FIELDS =
  'history(id,messages(threadId),messagesAdded/message(id,threadId),messagesDeleted/message/threadId),nextPageToken,historyId';

/** What has changed in a mailbox since the cursor, or everything that may be work where there is none that still counts. */
export async function* syncGmail(access: VendorAccess, cursor: string | null): AsyncGenerator<SyncPage> {
  const sync = new GmailSync(access);
  const known = parseCursor(cursor);
  if (known !== null) {
    const went = known.full === undefined ? sync.changes(known) : sync.everything(known);
    if (yield* untilExpired(went)) return;
  }
  yield* new GmailSync(access).everything(null);
}

/** False where the vendor no longer knows the place from which to go on. */
async function* untilExpired(pages: AsyncGenerator<SyncPage>): AsyncGenerator<SyncPage, boolean> {
  try {
    yield* pages;
    return true;
  } catch (error) {
    if (error instanceof CursorExpired) return false;
    throw error;
  }
}

class CursorExpired extends Error {}

interface Look {
  readonly threadId: string;
  readonly item: WorkItem | null;
  readonly historyId: bigint;
  readonly lookAgainAt: number | null;
  /** Of its messages, those that have come since the last sync. */
  readonly mail: readonly ArrivedMail[];
}

class GmailSync {
  private readonly store: MailStore;
  private readonly owner;
  private waiting = new Waiting([]);
  /** How far each thread that was looked at in this run had come. */
  private readonly looked = new Map<string, bigint>();
  /** Messages that history says have come since the last sync. */
  private readonly added = new Set<string>();
  /** Seen in a thread before history has named them: whether they have come since is not known yet. */
  private readonly unnamed = new Map<string, ArrivedMail>();

  constructor(private readonly access: VendorAccess) {
    this.store = new MailStore(access);
    this.owner = ownerOf(access);
  }

  /** Pages of threads that are, or may become, work. The place in history is taken first, so that nothing slips between. */
  async *everything(resumed: GmailCursor | null): AsyncGenerator<SyncPage> {
    this.waiting = new Waiting(resumed?.waiting ?? []);
    const history = resumed?.history ?? (await this.presentHistory());
    const query = resumed?.full?.query ?? this.query();
    const firstPage = resumed?.full?.page;
    for (let pageToken = firstPage, first = resumed === null; ; first = false) {
      const listed = await orExpired(
        answerOf(
          this.store.api.users.threads.list({
            userId: ME,
            q: query,
            maxResults: PAGE,
            fields: 'threads/id,nextPageToken',
            ...(pageToken === undefined ? {} : { pageToken }),
          }),
        ),
        resumed !== null && pageToken === firstPage ? ['not_found', 'invalid'] : [],
      );
      const ids = (listed.threads ?? []).flatMap(({ id }) => id ?? []);
      const { items } = await this.look(ids);
      const next = listed.nextPageToken ?? undefined;
      yield {
        items,
        gone: [],
        full: true,
        first,
        cursor: this.cursor(history, next === undefined ? undefined : { page: next, query }),
        last: next === undefined,
      };
      if (next === undefined) return;
      pageToken = next;
    }
  }

  /** Threads that history names, each once, and those whose time has come. */
  async *changes(cursor: GmailCursor): AsyncGenerator<SyncPage> {
    this.waiting = new Waiting(cursor.waiting);
    let due = this.waiting.dueAt(this.access.now());
    let reached = cursor.history;
    for (let pageToken: string | undefined; ;) {
      const page = await orExpired(
        answerOf(
          this.store.api.users.history.list({
            userId: ME,
            startHistoryId: cursor.history,
            maxResults: 100,
            fields: HISTORY_FIELDS,
            ...(pageToken === undefined ? {} : { pageToken }),
          }),
        ),
        ['not_found'],
      );
      const records = page.history ?? [];
      const changed = new Set(due);
      let named: ArrivedMail[] = [];
      due = [];
      for (const record of records) {
        const at = historyNumber(record.id);
        for (const threadId of threadsOf(record)) {
          if ((this.looked.get(threadId) ?? -1n) < at) changed.add(threadId);
        }
        for (const { message } of record.messagesAdded ?? []) {
          if (!message?.id) continue;
          this.added.add(message.id);
          const seen = this.unnamed.get(message.id);
          if (seen) named.push(seen);
          this.unnamed.delete(message.id);
        }
      }
      pageToken = page.nextPageToken ?? undefined;
      const next = (pageToken === undefined ? page.historyId : records.at(-1)?.id) ?? reached;
      const ids = [...changed];
      for (let from = 0; from === 0 || from < ids.length; from += PAGE) {
        const { items, gone, mail } = await this.look(ids.slice(from, from + PAGE));
        const whole = from + PAGE >= ids.length;
        if (whole) reached = next;
        yield {
          items,
          gone,
          mail: [...named, ...mail],
          full: false,
          cursor: this.cursor(reached),
          last: whole && pageToken === undefined,
        };
        named = [];
      }
      if (pageToken === undefined) return;
    }
  }

  private async look(
    threadIds: readonly string[],
  ): Promise<{ items: WorkItem[]; gone: string[]; mail: ArrivedMail[] }> {
    const looks = await atATime(AT_A_TIME, threadIds, (threadId) => this.lookAt(threadId));
    for (const { threadId, historyId, lookAgainAt } of looks) {
      this.looked.set(threadId, historyId);
      this.waiting.set(threadId, lookAgainAt);
    }
    return {
      items: looks.flatMap(({ item }) => item ?? []),
      gone: looks.filter(({ item }) => item === null).map(({ threadId }) => threadId),
      mail: looks.flatMap(({ mail }) => mail),
    };
  }

  private async lookAt(threadId: string): Promise<Look> {
    const thread = await this.store.thread(threadId);
    const none = { threadId, item: null, historyId: thread?.historyId ?? 0n, lookAgainAt: null, mail: [] };
    let standing = thread && standingOf(threadId, thread.messages, this.owner);
    if (standing && wantsContent(standing)) {
      const { messages } = standing;
      const told = [...messages];
      for (let i = Math.max(0, messages.length - MOST_CONTENTS); i < messages.length; i += 1) {
        told[i] = await this.store.withContent(messages[i]!);
      }
      standing = standingOf(threadId, told, this.owner);
    }
    if (!standing) return none;
    const now = this.access.now();
    const mail: ArrivedMail[] = [];
    for (const message of standing.messages) {
      const arrived = arrivedMail(message, this.owner, now);
      if (arrived === null) continue;
      if (this.added.has(message.id)) mail.push(arrived);
      else this.unnamed.set(message.id, arrived);
    }
    return { ...none, ...itemOf(standing, this.owner, now), mail };
  }

  private async presentHistory(): Promise<string> {
    const { historyId } = await answerOf(this.store.api.users.getProfile({ userId: ME, fields: 'historyId' }));
    if (historyNumber(historyId) === 0n) throw new VendorError('garbled', 'gmail: the mailbox has no history');
    return historyId!;
  }

  /** Recent threads; of those that Gmail itself takes for advertising and the like, only what the person has starred. */
  private query(): string {
    const { days } = settingsIn(this.access.config);
    return `newer_than:${days}d {is:starred in:sent (in:inbox -category:promotions -category:social -category:forums)}`;
  }

  private cursor(history: string, full?: GmailCursor['full']): string {
    const cursor: GmailCursor = { v: 1, history, waiting: this.waiting.entries, ...(full && { full }) };
    return JSON.stringify(cursor);
  }
}

function threadsOf(record: {
  readonly messages?: readonly { threadId?: string | null }[];
  readonly messagesAdded?: readonly { message?: { id?: string | null; threadId?: string | null } }[];
  readonly messagesDeleted?: readonly { message?: { threadId?: string | null } }[];
}): string[] {
  const messages = [
    ...(record.messages ?? []),
    ...[...(record.messagesAdded ?? []), ...(record.messagesDeleted ?? [])].map(({ message }) => message),
  ];
  return messages.flatMap((message) => message?.threadId ?? []);
}

async function orExpired<T>(answer: Promise<T>, failures: readonly string[]): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof VendorError && failures.includes(error.failure)) throw new CursorExpired();
    throw error;
  }
}
